"""The pages of an agency, for people who may install nothing. They run without scripts and are never cached."""
