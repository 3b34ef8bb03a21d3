"""The measurements behind docs/benchmarks.md: each budget of the design beside its reference, in the same run.

One module a row of the table, each of which runs alone (`python -m bench.intake`) or with all others (`make bench`).
"""
