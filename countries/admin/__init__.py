"""The registry screens, for coordinators. Every write goes through ``countries.registry``; facts are read-only."""

from countries.admin import agencies, credentials, reference

__all__ = ["agencies", "credentials", "reference"]
