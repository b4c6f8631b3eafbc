"""The density of a model, on arrays and as a PyMC model; made-up data."""
