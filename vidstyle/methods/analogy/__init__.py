"""Deep Image Analogy: a frame put together from patches of a picture that shows what is like it."""
