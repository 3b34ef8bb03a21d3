"""Faults at random under load, and the question afterwards: is everything there once, and are the numbers right?

`python -m tests.chaos`, as `make chaos` calls it. All that happens is drawn from a seed, so a bad run can be had again.
"""
