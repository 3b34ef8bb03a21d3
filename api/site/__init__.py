"""The public pages: rendered here whole, so that they need no JavaScript, from what is published."""
