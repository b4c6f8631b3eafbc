"""Simulation-based calibration: one replicate, the file of them, and what they show."""
