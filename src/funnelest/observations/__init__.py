"""Printed figures and the distributions they come from."""
