"""Wiring: settings, environment, Celery, embedded servers, addresses. No logic of the project lives here."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
