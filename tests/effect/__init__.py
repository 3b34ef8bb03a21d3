"""Judges the estimator of effects, and others beside it, in worlds whose truth is known."""
