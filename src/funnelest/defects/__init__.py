"""What is wrong with a source, and is taken into account: one defect per file."""
