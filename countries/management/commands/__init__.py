"""The registry's commands."""
