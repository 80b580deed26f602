"""Behind make_samples.py: small rendered worlds with exact optical flow, and generated style pictures."""
