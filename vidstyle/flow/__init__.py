"""Optical flow: estimating it, judging it, storing it."""
