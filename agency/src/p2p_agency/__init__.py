"""The program of an agency: it checks and sends counts, and counts finished transfers. It needs no Django."""
