"""The measurements of docs/benchmarks.md, each beside its reference in the same run."""
