"""From a model to a result: `fit`, its engines, and refits under a changed model."""
