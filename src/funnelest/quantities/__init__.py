"""What a model says of steps and transitions, for given parameters."""
