"""Training samples: aligned faces that people let the network learn from."""
