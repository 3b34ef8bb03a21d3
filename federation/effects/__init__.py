"""Estimates what interventions changed, from published numbers, and stores what each version says."""

from federation.effects.store import differs, renew

__all__ = ["differs", "renew"]
