"""How often anybody may ask, and what a large public read costs."""
