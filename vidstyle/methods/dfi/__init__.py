"""Deep feature interpolation: sets of pictures with and without an attribute, and the vector between them."""

from vidstyle.methods.dfi.painter import Dfi, prepare

__all__ = ["Dfi", "prepare"]
