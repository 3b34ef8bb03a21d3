"""Turns the body of a request into a submission or an answer, or says all that is wrong with it.

Plain submissions are read by a fast path; whatever is not plain is walked by a thorough one, which lists the faults.
A property test keeps the two agreed.
"""
