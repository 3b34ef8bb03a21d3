"""The door by which Django finds the screens of the desk."""

from federation.desk import screens

__all__ = ["screens"]
