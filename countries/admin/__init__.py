"""The screens of the registry, for coordinators. Each write goes through ``countries.registry``."""

from countries.admin import agencies, annotations, credentials, reference, second_factor, signing, users

__all__ = ["agencies", "annotations", "credentials", "reference", "second_factor", "signing", "users"]
