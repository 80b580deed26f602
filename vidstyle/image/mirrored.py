"""Pictures continued by their own reflection, so that there are no borders of another kind in them."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from vidstyle.image.convert import to_float

_OPAQUE = 0.5


def tiled(picture: Tensor, least: int) -> Tensor:
    """A picture (C, H, W), continued by reflections to no less than `least` pixels either way."""
    rows, columns = (_there_and_back(side, max(side, least)) for side in picture.shape[1:])
    return picture[:, rows[:, None], columns]


def _there_and_back(side: int, count: int) -> Tensor:
    """0, 1, ... side - 1, side - 1, ... 1, 0, 0, 1, ...: `count` places."""
    places = torch.arange(count) % (2 * side)
    return places.minimum(2 * side - 1 - places)


def opaque_alone(pixels: np.ndarray, alpha: np.ndarray) -> Tensor:
    """Pixels (3, H, W) as float32 in [0, 1], what is transparent made of what is not, reflected at its edges.

    alpha: (1, H, W). Raises ValueError where nothing is opaque.
    """
    image, known = pixels.copy(), to_float(alpha)[0].numpy() >= _OPAQUE
    if not known.any():
        raise ValueError("it is transparent all over")
    places = np.indices(known.shape)
    while not known.all():
        # Each goes on from where the one before has ended, about twice as far.
        nearest = _nearest(known, places)
        beyond = 2 * nearest - places
        inside = ((beyond >= 0) & (beyond < np.array(known.shape)[:, None, None])).all(axis=0)
        rows, columns = np.where(inside, beyond, nearest)
        filled = ~known & known[rows, columns]
        image[:, filled] = image[:, rows[filled], columns[filled]]
        # What is too thin to be reflected is repeated.
        thin = ~known & ~filled & (np.abs(nearest - places).sum(axis=0) == 1)
        image[:, thin] = image[:, nearest[0][thin], nearest[1][thin]]
        known = known | filled | thin
    return to_float(image)


def _nearest(known: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(2, H, W): row and column of the known pixel that is nearest to each."""
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros((2, int(labels.max()) + 1), places.dtype)
    table[:, labels[known]] = places[:, known]
    return np.asarray(table[:, labels])
