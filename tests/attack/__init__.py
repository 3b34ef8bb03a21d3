"""Attacks on the protection: readers and agencies attack published numbers, and their conclusions are counted.

`python -m tests.attack`, as `make attack` calls it. docs/explanation/attacks.md explains each attack.
"""
