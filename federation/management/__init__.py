"""What a person runs, and what the demonstration is made of."""
