"""What knowing more takes away of a variance: folds of draws, planned figures, parameters."""
