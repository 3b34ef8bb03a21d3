"""The tasks of workers and beat: reconciliation, schedules, rebuilding, backups, and their metrics."""
