"""What samples, and what judges a sample: gate, samplers, tasks side by side."""
