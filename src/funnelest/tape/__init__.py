"""Derivatives of NumPy arithmetic without compiling, and arithmetic that is done again."""
