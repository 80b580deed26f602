"""Holes in pictures and clips, filled: from other frames, and from what is like it."""
