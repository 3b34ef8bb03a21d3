"""Reads for the coordinators' desk: plain values in few queries, only what the user may see. Not for the public."""
