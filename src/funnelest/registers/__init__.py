"""Several registers on one step: how many people are on them together."""
