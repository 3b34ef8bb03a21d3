"""Turns the body of a request into a submission or an answer, or says all that is wrong with it.

Plain submissions are read by a fast path; a thorough path walks all others and lists the faults.
A property test keeps the two agreed.
"""
