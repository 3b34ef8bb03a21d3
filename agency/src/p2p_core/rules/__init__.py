"""The rules that judge what agencies report: one entry in the rulebook and one pure judge each, and their sentences."""
