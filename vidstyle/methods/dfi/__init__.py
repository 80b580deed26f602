"""Deep feature interpolation: sets of pictures with and without an attribute, and the vector between them."""
