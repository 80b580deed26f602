"""Colour that was learnt: of a grey picture, guessed from what it shows (Zhang, Isola & Efros 2016)."""
