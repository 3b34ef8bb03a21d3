"""The data of the coordinators' desk, and its screens. They show what the user may see. Not for the public."""
