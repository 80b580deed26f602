"""Where an attribute's vector comes from: two sets, one set and a hole, or a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vidstyle.image.resize import resize
from vidstyle.methods.dfi.features import SetFeatures, View
from vidstyle.methods.dfi.sets import PictureSet, require
from vidstyle.methods.dfi.vector import AttributeVector


class Attribute(Protocol):
    """Gives the vector for a picture, in two steps: the first can be kept, so that a shot has one vector."""

    @property
    def features(self) -> SetFeatures: ...

    def choose(self, content: Tensor, view: View) -> Tensor:
        """What the vector for `content`, float32 (3, H, W) of the view's size, is made from: int64 (2, K).

        Places of the neighbours in the source and in the target set, nearest first.
        """
        ...

    def vector(self, chosen: Tensor, view: View) -> AttributeVector: ...


@dataclass(frozen=True)
class BetweenSets:
    """From pictures without the attribute to pictures with it.

    count: K, neighbours taken of each. certainty: how strictly chance is kept out of the vector; 0 is as
    published.
    """

    features: SetFeatures
    source: PictureSet
    target: PictureSet
    count: int = 100
    certainty: float = 2.0

    def choose(self, content: Tensor, view: View) -> Tensor:
        """See `Attribute.choose`. K is no more than either set has, so that both means are as sure."""
        query = self.features.summary(content[None])[0]
        found = [_neighbours(self.features, each, query, view, self.count) for each in self._sets]
        fewest = min(map(len, found))
        return torch.tensor([places[:fewest] for places in found])

    def vector(self, chosen: Tensor, view: View) -> AttributeVector:
        """w = mean φ(N^t) − mean φ(N^s), faded out where the pictures brought onto landmarks do not reach."""
        pairs = list(zip(self._sets, chosen.tolist(), strict=True))
        (source, noise), (target, more) = (
            self.features.moments(each, places, view) for each, places in pairs
        )
        parts = {layer: target[layer] - source[layer] for layer in source}
        if self.certainty:
            doubt = self.certainty / chosen.shape[1]
            parts = {
                layer: _sure(part, doubt * (noise[layer] + more[layer])) for layer, part in parts.items()
            }
        if view.landmarks is not None:
            shown = torch.minimum(*(self.features.coverage(each, places, view) for each, places in pairs))
            parts = {layer: part * _fitting(shown, part) for layer, part in parts.items()}
        return AttributeVector(parts, view.size, self.features.fingerprint)

    @property
    def _sets(self) -> tuple[PictureSet, PictureSet]:
        return self.source, self.target


@dataclass(frozen=True)
class FillHole:
    """From pictures with the view's hole to the same pictures without it (inpainting)."""

    features: SetFeatures
    pictures: PictureSet
    count: int = 100

    def choose(self, content: Tensor, view: View) -> Tensor:
        """See `Attribute.choose`: compared with the hole in all of them, as it is in `content`."""
        query = self.features.summary(content[None])[0]
        places = _neighbours(self.features, self.pictures, query, view, self.count)
        return torch.tensor([places, places])

    def vector(self, chosen: Tensor, view: View) -> AttributeVector:
        places = chosen[0].tolist()
        with_hole = self.features.mean(self.pictures, places, view)
        whole = self.features.mean(self.pictures, places, View(view.size, view.landmarks))
        parts = {layer: whole[layer] - with_hole[layer] for layer in whole}
        return AttributeVector(parts, view.size, self.features.fingerprint)


@dataclass(frozen=True)
class GivenVector:
    """A vector that is at hand, whatever the picture."""

    features: SetFeatures
    kept: AttributeVector

    def choose(self, content: Tensor, view: View) -> Tensor:
        return torch.empty((2, 0), dtype=torch.int64)

    def vector(self, chosen: Tensor, view: View) -> AttributeVector:
        return self.kept.fitted(view.size, self.features.shapes(view.size))


def _neighbours(
    features: SetFeatures, pictures: PictureSet, query: Tensor, view: View, count: int
) -> list[int]:
    places, seen = nearest(query, features.summaries(pictures, view), count)
    require(pictures.name, seen)
    return places


def nearest(query: Tensor, rows: Iterable[tuple[list[int], Tensor]], count: int) -> tuple[list[int], int]:
    """The places of the `count` rows nearest to `query` (D,) by Euclidean distance, nearest first.

    rows: chunks of (places, float32 (N, D)), as they come; only the best so far are kept. The earlier place
    wins a tie.

    Returns them, or all where there are fewer, and how many rows there were.
    """
    best = torch.empty(0, dtype=torch.float64)
    places: list[int] = []
    seen = 0
    for some, chunk in rows:
        seen += len(some)
        # Less |query|², which all have. In float64, as the expansion by products cancels between likes.
        wide, asked = chunk.cpu().double(), query.cpu().double()
        distances = torch.cat([best, wide.square().sum(dim=1) - 2 * wide @ asked])
        order = torch.argsort(distances, stable=True)[:count]
        merged = places + some
        best, places = distances[order], [merged[i] for i in order.tolist()]
    return places, seen


def _sure(part: Tensor, noise: Tensor) -> Tensor:
    """w·max(0, 1 − noise / w²), (C, h, w): what may well be chance is taken out.

    Departure: Upchurch et al. keep all of w. The neighbours of the two sets are different people before
    different walls, whose differences do not average out over so few; they would tint the whole picture. With
    `noise` the expected square of such a difference, this is the positive-part estimator of James & Stein.
    """
    return part * (1 - noise / part.square().clamp_min(1e-12)).clamp_min(0)


def _fitting(shown: Tensor, part: Tensor) -> Tensor:
    return resize(shown.to(part.device), (part.shape[1], part.shape[2]))


def combined(vectors: Sequence[AttributeVector], scaling: str = "raw") -> dict[str, Tensor]:
    """Σ α·w at strength 1, {layer: float32 (C, h, w)}; see `AttributeVector.alpha`."""
    factors = [vector.alpha(scaling) for vector in vectors]
    return {
        layer: torch.stack([f * v.layers[layer] for f, v in zip(factors, vectors, strict=True)]).sum(dim=0)
        for layer in vectors[0].layers
    }
