"""Tells people what happened: records notifications, makes messages of them, and sends the messages."""
