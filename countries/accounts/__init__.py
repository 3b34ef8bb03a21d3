"""Who may come in: credentials, signing keys, sign-in, the second factor, guesses, sessions."""
