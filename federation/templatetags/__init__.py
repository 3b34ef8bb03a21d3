"""What the desk's templates ask for beside Django's own."""
