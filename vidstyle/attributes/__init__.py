"""Sets of pictures with and without an attribute, their features, and the vector between them."""
