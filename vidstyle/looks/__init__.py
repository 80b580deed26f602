"""Looks that were learnt: the network that paints one, what it sees, and the file that it is kept in."""
