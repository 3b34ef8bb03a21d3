"""What the coordinators' desk reads, and its screens. They show what the user may see. Not for the public."""
