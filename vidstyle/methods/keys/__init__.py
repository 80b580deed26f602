"""Key frames: some frames are painted by hand, and the clip follows."""
