"""The feature network that every method shares, and its weights."""
