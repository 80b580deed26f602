"""Clips in, clips out: decoding, cuts, encoding. The only part of the program that speaks to PyAV."""
