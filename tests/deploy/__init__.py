"""The files in deploy/, on a machine of their own."""
