"""The arithmetic: pure functions over NumPy arrays, without Django and without a database."""
