"""Every HTTP surface. It has no models: it reads through query modules and writes through processes."""
