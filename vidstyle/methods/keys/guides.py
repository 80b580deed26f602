"""What patches of a frame and of a key frame are compared by: guides, each with its weight.

A guide is a map of what the film shows: colours, edges, what a network sees. A patch is described by its
principal components, so that a comparison reads thirty numbers and not hundreds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import eigh
from vidstyle.image.fields import Size
from vidstyle.image.resize import fit, resize
from vidstyle.methods.keys.options import KeysOptions

PATCH = 5
_COARSEST = 4096  # pixels of a grid on which every place is compared with every other
_SAMPLES = 1024  # patches, or positions, that components are learnt from
_OF_COLOURS, _OF_FEATURES, _OF_PAINT = 12, 12, 12  # components
_FEATURES_AT = 256  # longest side in pixels of what the network sees
_LEAST_SPREAD = 1e-4  # mean square of colours about their mean, of a picture that shows nothing

Features = Callable[[Tensor], Tensor]
"""Of a picture (3, H, W), what a network sees in it: float32 (C, h, w)."""


def levels(size: Size) -> list[Size]:
    """Sizes from coarse to fine, each half of the next, up to `size` itself."""
    found = [size]
    while found[0][0] * found[0][1] > _COARSEST and min(found[0]) > 2 * PATCH + 1:
        found.insert(0, (max(1, found[0][0] // 2), max(1, found[0][1] // 2)))
    return found


def principal_axes(rows: Tensor, count: int) -> Tensor:
    """The directions in which rows (N, D) vary most: float32 (n, D), orthonormal; n at most `count`."""
    spread = torch.cov(rows.T.cpu().double(), correction=0).reshape(rows.shape[1], rows.shape[1])
    return eigh(spread)[1][:, -count:].T.to(rows)


class Describer:
    """Patches of maps as rows of a few numbers, whose squared distance is about the mean one of the patches.

    maps: (C, H, W), that the components are learnt from; patch: the side of the patches, odd.
    """

    def __init__(self, maps: Tensor, patch: int, components: int) -> None:
        self.patch = patch
        padded = F.pad(maps[None], [patch // 2] * 4, mode="replicate")
        stride = max(1, math.isqrt(maps[0].numel() // _SAMPLES))
        rows = F.unfold(padded, patch, stride=stride)[0].T
        basis = principal_axes(rows, components)
        self.filters = basis.reshape(-1, maps.shape[0], patch, patch) / patch

    def __call__(self, maps: Tensor) -> Tensor:
        """(n, H, W) of maps (C, H, W)."""
        return F.conv2d(F.pad(maps[None], [self.patch // 2] * 4, mode="replicate"), self.filters)[0]


@dataclass(frozen=True, eq=False)
class Weights:
    """Of the guides, for squares of values in [0, 1], by their channels as in Jamriška et al. (2019)."""

    colour: float
    edge: float
    feature: float
    position: float
    previous: float
    style: float
    uniformity: float

    @classmethod
    def of(cls, options: KeysOptions) -> Weights:
        return cls(
            options.color_weight / 3,
            options.edge_weight,
            options.feature_weight,
            options.position_weight,
            options.previous_weight / 3,
            options.style_weight / 3,
            options.uniformity * _UNIFORMITY,
        )

    @property
    def paint(self) -> float:
        """Of the painting, by itself and by that of the frame before."""
        return self.previous + self.style


# λ 3500 of the reference, for squares of values up to 255 summed over 25 pixels.
_UNIFORMITY = 3500 / 25 / 255**2


@dataclass(frozen=True, eq=False)
class Table:
    """A key frame at one level, to look up. size: of the grid.

    rows: float32 (H·W, guides + paint), described patches. guides: how many of the numbers are of guides.
    """

    size: Size
    rows: Tensor
    guides: int
    of_guides: Describer
    of_paint: Describer
    painted: Tensor


class Guides:
    """Tables of one key frame, and frames described as it is.

    filmed, painted: the key frame, float32 (3, H, W), of one size. sizes: of the levels, from coarse to fine.
    """

    def __init__(
        self, filmed: Tensor, painted: Tensor, sizes: list[Size], features: Features | None, weights: Weights
    ) -> None:
        self.weights, self.features = weights, features if weights.feature else None
        self._learn(filmed)
        responses = self.responses(filmed)
        self.tables = []
        for size in sizes:
            maps, paint = self._maps(resize(filmed, size)), self._paint(resize(painted, size))
            of_guides = Describer(maps, PATCH, _OF_COLOURS)
            of_paint = Describer(paint, PATCH, _OF_PAINT)
            guides = self._described(of_guides, maps, responses)
            rows = torch.cat([guides, of_paint(paint)]).flatten(1).T.contiguous()
            self.tables.append(Table(size, rows, len(guides), of_guides, of_paint, resize(painted, size)))

    def _learn(self, filmed: Tensor) -> None:
        """The components of what the network sees, on one scale with colours."""
        if self.features is None:
            return
        small = self.features(_seen_by_network(filmed))
        rows = small.flatten(1).T
        rows = rows[:: max(1, len(rows) // _SAMPLES)]
        self._mean = rows.mean(dim=0)
        self._basis = principal_axes(rows, _OF_FEATURES).T
        spread = (rows - self._mean).square().sum(dim=1).mean().clamp_min(1e-8)
        colours = filmed.flatten(1).var(dim=1, correction=0).mean().clamp_min(_LEAST_SPREAD)
        self._scale = float((self.weights.feature * colours / spread).sqrt())

    def responses(self, image: Tensor) -> Tensor | None:
        """What the network sees in a picture, in a few numbers (n, h, w); None where it is not asked."""
        if self.features is None:
            return None
        found = self.features(_seen_by_network(image))
        rows = (found.flatten(1).T - self._mean) @ self._basis * self._scale
        return rows.T.reshape(-1, *found.shape[1:])

    def frame(self, image: Tensor, responses: Tensor | None, level: int) -> Tensor:
        """The guides of a frame float32 (3, H, W) at a level: float32 (h·w, guides)."""
        table = self.tables[level]
        maps = self._maps(resize(image, table.size))
        return self._described(table.of_guides, maps, responses).flatten(1).T.contiguous()

    def paint(self, image: Tensor, level: int) -> Tensor:
        """A painting (3, h, w) at a level: float32 (h·w, n)."""
        return self.tables[level].of_paint(self._paint(image)).flatten(1).T.contiguous()

    def _maps(self, image: Tensor) -> Tensor:
        """Colours and edges: the Laplacian of the brightness; (4, H, W), times the roots of their weights."""
        grey = image.mean(dim=0, keepdim=True)
        padded = F.pad(grey[None], [1] * 4, mode="replicate")
        around = F.avg_pool2d(padded, 3, 1)[0]
        colour, edge = self.weights.colour**0.5, (9 / 8 * self.weights.edge) ** 0.5
        return torch.cat([colour * image, edge * (grey - around)])

    def _paint(self, image: Tensor) -> Tensor:
        return self.weights.paint**0.5 * image

    @staticmethod
    def _described(of_guides: Describer, maps: Tensor, responses: Tensor | None) -> Tensor:
        found = [of_guides(maps)]
        if responses is not None:
            size = maps.shape[1], maps.shape[2]
            found.append(F.interpolate(responses[None], size, mode="bilinear", align_corners=False)[0])
        return torch.cat(found)


def _seen_by_network(image: Tensor) -> Tensor:
    height, width = image.shape[1:]
    columns, rows = fit(width, height, min(_FEATURES_AT, max(height, width)))
    return resize(image, (rows, columns))
