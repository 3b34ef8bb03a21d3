"""Every HTTP surface. It holds no model: it reads through query modules and writes through processes."""
