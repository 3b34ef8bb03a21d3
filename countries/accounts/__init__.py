"""How agencies and users prove who they are: credentials, signing keys, sign-in, second factor, sessions."""
