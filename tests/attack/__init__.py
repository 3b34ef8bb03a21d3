"""The audit of the protection: readers and agencies attack published numbers, and what they find out is counted.

`python -m tests.attack`, as `make attack` calls it. docs/explanation/attacks.md explains each attack.
"""
