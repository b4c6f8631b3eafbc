"""The arithmetic of the estimators: fits, searches, sums and samplers, on arrays."""
