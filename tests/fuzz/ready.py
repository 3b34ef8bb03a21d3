"""Readies Django for cases that need no database. To be imported before anything of the project."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_URL", "postgres:///none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1/0")
os.environ.setdefault("SECRET_KEY", "cases")
os.environ.setdefault("ROUNDING_KEY", "00" * 16)

django.setup()
