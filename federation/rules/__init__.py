"""The arithmetic: pure functions over NumPy arrays, which know no Django and no database."""
