"""What was observed: one kind of evidence per file."""
