"""What is assumed of ages that nobody asked: one assumption per file."""
