"""Django looks here for `base`."""
