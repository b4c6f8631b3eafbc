"""What no figure supports: one assumption per file."""
