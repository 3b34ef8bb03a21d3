"""Reads for the coordinators' desk: plain values in few questions, as far as whoever asks sees. Not for the public."""
