"""Parameters to predictions, and back: the models and the model file."""
