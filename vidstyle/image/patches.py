"""Patches of maps of features: matched by normalised cross-correlation, laid over a map (Li & Wand 2016)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import eigh
from vidstyle.image.fields import Size
from vidstyle.image.similarity import Similarity, apply_similarity

# Principal components in which patches are compared, of some thousand values. Matches then correlate by 0.584
# on average where comparing all gives 0.592 (relu3_1), in a tenth of the time.
_COMPONENTS = 128
_SAMPLES = 512  # patches that the components are learnt from, about
_ENTRIES = 2**24  # numbers held at a time while patches are compared: 64 MiB
_NEGLIGIBLE = 1e-9  # of the largest energy in any direction
_ANGLE = math.pi / 24
_GROWTH = 1.05


def components(maps: Sequence[Tensor], patch: int, count: int = _COMPONENTS) -> Tensor:
    """The directions in which most of the energy of patches lies: float32 (n, C, patch, patch), orthonormal.

    maps: (C, h, w) each. count: n at most; fewer where the patches have fewer directions.
    """
    patch = _fitting(patch, maps)
    step = max(1, math.isqrt(sum(each[0].numel() for each in maps) // _SAMPLES))
    rows = torch.cat([F.unfold(each[None].float(), patch, stride=step)[0].T for each in maps])
    return principal(rows, count).T.reshape(-1, maps[0].shape[0], patch, patch)


def principal(rows: Tensor, count: int) -> Tensor:
    """The directions in which most of the energy of some rows lies: (D, n), orthonormal, the weakest first.

    rows: (N, D). count: n at most; fewer, even none, where the rows have fewer.
    """
    # By the products of the rows or of their values, whichever are fewer: both have the same eigenvalues.
    few = len(rows) <= rows.shape[1]
    values, vectors = eigh(rows @ rows.T if few else rows.T @ rows)
    kept = (values > values[-1].clamp_min(1e-12) * _NEGLIGIBLE).nonzero().flatten()[-count:]
    if few:
        return rows.T @ (vectors[:, kept] / values[kept].sqrt()).to(rows)
    return vectors[:, kept].to(rows)


class Pool:
    """All patches of some maps, to choose from.

    maps: (C, h, w) each, of any sizes, all on one device. patch: their side in positions; smaller where a map
        is. stride: positions from one patch to the next, no more than that side.
    favours: what is added to the correlation, from -1 to 1, with a map's patches.
    basis: the components (n, C, patch, patch) in which patches are compared; None compares every value.
    parts: of each map, (1, h, w), not 0 where the centre of a patch may lie; all of them where none does.
    """

    def __init__(
        self,
        maps: Sequence[Tensor],
        patch: int,
        stride: int,
        favours: Sequence[float] = (),
        basis: Tensor | None = None,
        parts: Sequence[Tensor] = (),
    ) -> None:
        self.patch, self.basis = _fitting(patch, maps), basis
        self.stride = min(stride, self.patch)
        self.values = torch.cat([each.flatten(1) for each in maps], dim=1)
        first, width, favour = [], [], []
        begin = 0
        for each, more in zip(maps, favours or [0.0] * len(maps), strict=True):
            down, right = (
                torch.arange(0, side - self.patch + 1, self.stride, device=each.device)
                for side in each.shape[1:]
            )
            first.append((begin + down[:, None] * each.shape[2] + right).flatten())
            width.append(torch.full_like(first[-1], each.shape[2]))
            favour.append(torch.full_like(first[-1], more, dtype=torch.float32))
            begin += each.shape[1] * each.shape[2]
        self.first, self.width, self.favour = (torch.cat(each) for each in (first, width, favour))
        self.rows = torch.cat([self.described(each) for each in maps])
        if parts:
            self._keep(torch.cat([part.flatten() for part in parts]) != 0)

    def _keep(self, centres: Tensor) -> None:
        """Only patches whose centre is one of these, bool, in the order of the values."""
        middle = self.patch // 2
        kept = centres[self.first + middle * self.width + middle]
        if not bool(kept.all()) and bool(kept.any()):
            self.first, self.width, self.favour = self.first[kept], self.width[kept], self.favour[kept]
            self.rows = self.rows[kept]

    def described(self, features: Tensor) -> Tensor:
        """The patches of features (C, H, W) as rows of what is compared, divided by their norms |Ψ|."""
        features = features[None].float()
        square = features.new_ones(1, 1, self.patch, self.patch)
        norms = F.conv2d(features.square().sum(dim=1, keepdim=True), square, stride=self.stride)
        if self.basis is None:
            rows = F.unfold(features, self.patch, stride=self.stride)[0].T
        else:
            rows = F.conv2d(features, self.basis, stride=self.stride)[0].flatten(1).T
        return rows / norms.flatten().clamp_min(1e-12).sqrt()[:, None]

    def at(self, chosen: Tensor, dy: int, dx: int) -> Tensor:
        """What lies `dy`, `dx` inside the patches numbered `chosen` (...): (C, ...)."""
        return self.values[:, self.first[chosen] + dy * self.width[chosen] + dx]

    @cached_property
    def energy(self) -> float:
        """Mean of |Ψ|² over the patches Ψ."""
        energy = self.values.float().square().sum(dim=0)
        near = range(self.patch)
        return float(sum(energy[self.first + dy * self.width + dx].mean() for dy in near for dx in near))


@dataclass(frozen=True)
class Laid:
    """Patches laid over a map, each where its like was found.

    mean: float32 (C, H, W), of all that cover a position. count: (1, H, W), how many do.
    spread: (1, H, W), Σ |Ψ − mean|² over them.
    """

    mean: Tensor
    count: Tensor
    spread: Tensor


def match(features: Tensor, pool: Pool, *, wrap: bool = False) -> Tensor:
    """NN(i) = argmax_j ⟨Ψ_i, Ψ_j⟩ / (|Ψ_i| |Ψ_j|): for each patch of features (C, H, W) one of the pool.

    Returns int64 (rows, columns) of the patches, `pool.stride` positions apart; those that reach over the
    last row or column are continued by it, or from the other side with `wrap`. In bounded memory.
    """
    continued = _continued(features, pool, wrap)
    rows, columns = ((side - pool.patch) // pool.stride + 1 for side in continued.shape[1:])
    parts = pool.described(continued).split(max(1, _ENTRIES // len(pool.rows)))
    found = [torch.addmm(pool.favour, part, pool.rows.T).argmax(dim=1) for part in parts]
    return torch.cat(found).reshape(rows, columns)


def lay(chosen: Tensor, pool: Pool, size: Size, *, wrap: bool = False) -> Laid:
    """The patches that `match` has chosen for a map of `size`, (height, width), laid over it."""
    step, (rows, columns) = pool.stride, chosen.shape
    tall, wide = ((n - 1) * step + pool.patch for n in (rows, columns))
    total = torch.zeros(len(pool.values), tall, wide, device=chosen.device)
    squares, count = total.new_zeros(1, tall, wide), total.new_zeros(1, tall, wide)
    for dy in range(pool.patch):
        for dx in range(pool.patch):
            laid = pool.at(chosen, dy, dx).float()
            place = (
                ...,
                slice(dy, dy + (rows - 1) * step + 1, step),
                slice(dx, dx + (columns - 1) * step + 1, step),
            )
            total[place] += laid
            squares[place] += laid.square().sum(dim=0)
            count[place] += 1
    total, squares, count = (_folded(x, size, wrap) for x in (total, squares, count))
    mean = total / count.clamp_min(1)
    spread = (squares - count * mean.square().sum(dim=0)).clamp_min(0)
    return Laid(mean, count, spread)


def variants(picture: Tensor, rotations: int = 0, scales: int = 0) -> list[Tensor]:
    """A picture (C, H, W), and copies turned by ±n·π/24, n ≤ rotations, and scaled by 1.05^±n, n ≤ scales.

    A turned copy is the largest part of the picture's shape that lies within it.
    """
    turns = sorted(range(-rotations, rotations + 1), key=abs)
    sizes = sorted(range(-scales, scales + 1), key=abs)
    return [_variant(picture, turn * _ANGLE, _GROWTH**size) for turn in turns for size in sizes]


def _variant(picture: Tensor, angle: float, scale: float) -> Tensor:
    if angle == 0 and scale == 1:
        return picture
    height, width = picture.shape[1:]
    across, along = math.cos(angle), abs(math.sin(angle))
    part = min(width / (width * across + height * along), height / (width * along + height * across))
    size = max(1, int(height * part * scale)), max(1, int(width * part * scale))
    turned = Similarity(scale, angle, 0.0, 0.0)
    centre, wanted = (((w - 1) / 2, (h - 1) / 2) for h, w in ((height, width), size))
    x, y = turned.matrix[:, :2] @ centre
    return apply_similarity(picture, Similarity(scale, angle, wanted[0] - x, wanted[1] - y), size)


def _fitting(patch: int, maps: Sequence[Tensor]) -> int:
    """The side of patches that every map has room for."""
    return min(patch, *(side for each in maps for side in each.shape[1:]))


def _continued(features: Tensor, pool: Pool, wrap: bool) -> Tensor:
    """Features continued so far that every position lies in a patch; with `wrap`, in as many as any other."""
    patch, step = pool.patch, pool.stride
    if not wrap:
        down, right = (
            max(0, -(-(side - patch) // step)) * step + patch - side for side in features.shape[1:]
        )
        return F.pad(features[None], (0, right, 0, down), mode="replicate")[0]
    rows, columns = (
        torch.arange((-(-side // step) - 1) * step + patch, device=features.device) % side
        for side in features.shape[1:]
    )
    return features[:, rows[:, None], columns]


def _folded(laid: Tensor, size: Size, wrap: bool) -> Tensor:
    """What lies beyond `size` cut off, or with `wrap` added to the other side."""
    for dim, side in ((1, size[0]), (2, size[1])):
        kept = laid.narrow(dim, 0, min(side, laid.shape[dim]))
        if wrap:
            kept = kept.clone()
            for begin in range(side, laid.shape[dim], side):
                beyond = laid.narrow(dim, begin, min(side, laid.shape[dim] - begin))
                kept.narrow(dim, 0, beyond.shape[dim]).add_(beyond)
        laid = kept
    return laid
