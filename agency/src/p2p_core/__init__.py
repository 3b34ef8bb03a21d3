"""The code that the server and the program at an agency share: codes, periods, how submissions are read, and the rules.

It needs NumPy and msgspec beside the standard library, and no database. It imports nothing of the server.
"""
