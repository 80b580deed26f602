"""What an edit is made from, opened and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from vidstyle.attributes.attribute import Attribute, BetweenSets, FillHole, Stored
from vidstyle.attributes.features import SetFeatures
from vidstyle.attributes.landmarks import Landmarks
from vidstyle.attributes.sets import PictureSet
from vidstyle.attributes.vector import AttributeVector


@dataclass(frozen=True, eq=False)
class Origin:
    """Where one attribute comes from; weight: how much of it belongs to strength 1.

    sets: source and target; one, of which a hole's filling is learnt; none where there is a vector.
    """

    name: str
    weight: float
    sets: tuple[PictureSet, ...] = ()
    vector: AttributeVector | None = None

    def attribute(self, features: SetFeatures, neighbors: int, certainty: float) -> Attribute:
        if self.vector is not None:
            return Stored(features, self.vector)
        if len(self.sets) == 1:
            return FillHole(features, self.sets[0], neighbors)
        source, target = self.sets
        return BetweenSets(features, source, target, neighbors, certainty)


@dataclass(frozen=True, eq=False)
class Given:
    """Everything that the options of an edit name.

    mask: float32 (1, H, W) in [0, 1], where the picture may change; None is everywhere. hole: bool (1, H, W),
    what is to be filled. marks: landmarks of the sets' pictures; landmarks: those of the input, float64
    (N, 2), (x, y) in sides of it.
    """

    origins: Sequence[Origin]
    mask: Tensor | None = None
    hole: Tensor | None = None
    marks: Landmarks | None = None
    landmarks: np.ndarray | None = None
