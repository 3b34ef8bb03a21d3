"""The registry screens, for coordinators. Every write goes through ``countries.registry``; facts are read-only."""

from countries.admin import agencies, annotations, credentials, reference, second_factor, setups, signing, users

__all__ = ["agencies", "annotations", "credentials", "reference", "second_factor", "setups", "signing", "users"]
