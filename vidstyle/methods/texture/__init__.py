"""Textures from noise: the style term alone."""
