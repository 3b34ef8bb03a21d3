"""How often anybody may ask: limits per agency, credential and address, counted in the broker, atomically.

The broker may be away at any time: then submissions are taken all the same, and nobody waits for it.
"""
