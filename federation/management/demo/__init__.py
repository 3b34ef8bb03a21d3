"""The demonstration: invented agencies, what they send, and what happened to them."""
