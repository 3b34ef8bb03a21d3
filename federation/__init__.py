"""What agencies report, how it is reconciled, and what is published."""
