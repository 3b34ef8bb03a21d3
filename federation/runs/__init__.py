"""What workers and beat run: reconciliation, schedules, rebuilding, backups, and what is measured of it."""
