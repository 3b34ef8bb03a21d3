"""Backups around PostgreSQL's own programs: made out of one snapshot, restored whole or not at all."""
