"""Several machines in miniature: servers and processes that a test starts, breaks and watches."""
