"""Counts finished transfers and keeps nothing that could identify a person."""
