"""Carrying the colours of a painting on to parts of the picture that it does not cover."""

from __future__ import annotations

import torch
from torch import Tensor

from vidstyle.image.resize import resize

# Samples lie on a grid of at most this many along the longest side: the work is the square of their number.
_GRID = 96
# Deviations of the two Gaussians: in colour, in [0, 1], and in distance, in longest sides.
_COLOUR_SPREAD = 0.08
_DISTANCE_SPREAD = 0.2


def recolour_unpainted(subject: Tensor, painted: Tensor, covered: Tensor) -> Tensor:
    """`subject` recoloured as `painted` recolours what is near and alike.

    subject, painted: float32 (3, H, W) in [0, 1]. covered: float32 (1, H, W), 1 where `painted` is the
    painting of `subject`, 0 where it is not; both must occur, or `subject` comes back as it is.

    The change of colour of the covered places is averaged for every other place by a joint bilateral filter
    (Petschnigg et al. 2004) on a small grid: it has the colours of a painting and the detail of the subject.
    """
    height, width = subject.shape[1:]
    scale = min(1.0, _GRID / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    small, there, cover = (resize(x, (rows, columns)) for x in (subject, painted, covered))
    known, missing = cover.flatten() > 0.9, cover.flatten() < 0.999
    if not known.any() or not missing.any():
        return subject
    features = torch.cat([small / _COLOUR_SPREAD, _places(small) / _DISTANCE_SPREAD]).flatten(1).T
    # Differences, not torch.cdist: its expansion by products cancels where places are alike.
    differences = [(column[missing, None] - column[known]).square() for column in features.unbind(1)]
    weights = torch.softmax(torch.stack(differences).sum(dim=0) / -2, dim=1)
    changes = (there - small).flatten(1).T
    spread = torch.zeros_like(changes)
    spread[known] = changes[known]
    spread[missing] = weights @ changes[known]
    return (subject + resize(spread.T.reshape(3, rows, columns), (height, width))).clamp(0, 1)


def _places(image: Tensor) -> Tensor:
    """(2, H, W): y and x of every pixel of `image`, in longest sides."""
    height, width = image.shape[1:]
    lines = [torch.arange(count, device=image.device) / max(height, width) for count in (height, width)]
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))
