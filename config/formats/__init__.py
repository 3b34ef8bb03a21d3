"""How the desk writes dates."""
