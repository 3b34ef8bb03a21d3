"""What the parts of a cluster are started with: real programs, on the loopback address, each in a folder of its own."""
