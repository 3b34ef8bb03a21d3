"""Imports the screens of the desk, because Django looks for them here."""

from federation.desk import screens

__all__ = ["screens"]
