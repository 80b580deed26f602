"""Painting with looks as pictures come in: a camera, or a film at its own pace."""
