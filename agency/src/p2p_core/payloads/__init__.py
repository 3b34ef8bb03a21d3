"""Turns the body of a request into a submission or an answer, or lists its faults.

A fast path reads plain submissions; a thorough path reads all others and lists the faults.
A property test checks that both agree.
"""
