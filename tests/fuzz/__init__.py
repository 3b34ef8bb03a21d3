"""Inputs by the hundred thousand, most of them almost right, for everything here that reads what strangers send.

``documents`` writes right ones, ``edits`` breaks them, ``kinds`` judges what becomes of them, ``running`` counts.
"""
