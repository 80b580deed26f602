"""Painting by a network that has learnt one look: hundredths of a second a frame."""
