"""The commands for operators, and the parts of the demonstration."""
