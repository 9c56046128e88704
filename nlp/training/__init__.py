"""Training data, label descriptions and losses of the shipped model."""
