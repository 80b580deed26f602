"""Nearest patches between two maps of features (Barnes et al. 2009), in large tensor operations.

Departures from PatchMatch: a sweep offers every place the matches of its neighbours at distances 8, 4, 2 and
1 at once (jump flooding, Rong & Tan 2006) instead of scanning line by line, so that a match crosses the map
in few large steps; and deep patches are compared in their principal components, which costs a hundredth of
comparing every channel of every position of a patch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import constant, kind_of, to_device
from vidstyle.image.fields import Size, grid, inside, numbered, random_field
from vidstyle.image.patches import principal

# Components kept of a patch. The energy of the matches, all values compared, is within a hundredth of what
# it is with four times as many.
_COMPONENTS = 64
_SAMPLES = 1024  # patches that the components are learnt from
_ENTRIES = 2**24  # numbers held at a time while distances are computed: 64 MiB
_JUMPS = (8, 4, 2, 1)
_WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass(frozen=True)
class Matches:
    """field: int64 (2, H, W), see `vidstyle.image.fields`. distance: float32 (H, W), of each patch."""

    field: Tensor
    distance: Tensor

    @property
    def energy(self) -> float:
        """Sum of the distances of all patches."""
        return float(self.distance.cpu().double().sum())


def normalised(features: Tensor) -> Tensor:
    """F̄ = F / |F| at every position of features (C, H, W), as float32; 0 where there is nothing."""
    features = features.float()
    return features / features.norm(dim=0, keepdim=True).clamp_min(1e-6)


def search(
    a: Tensor,
    b: Tensor,
    *,
    patch: int = 3,
    start: Tensor | None = None,
    radius: int | None = None,
    sweeps: int = 10,
    seed: int = 0,
    components: int | None = _COMPONENTS,
) -> Matches:
    """φ(p) = argmin_q Σ_{x∈N(p), y∈N(q)} |a(x) − b(y)|²: for every patch of `a` the nearest of `b`.

    a: float32 (C, H, W); b: (C, h, w), of any other size; both on one device. Several maps are compared at
        once by putting them one behind the other: the four-map distance of Deep Image Analogy is that of
        cat(F̄_A, F̄_A′) and cat(F̄_B, F̄_B′).
    patch: side of the patches, odd; at the border they are continued by its outermost pixels.
    start: the field to begin with, (2, H, W); random where there is none.
    radius: how far from the present match random places are tried; None for the whole of `b`, which is
        searched exactly where that is cheaper.
    sweeps: how often all neighbours and random places are offered. The energy never rises meanwhile.
    components: how many principal components of a patch are compared; None compares every value.

    Deterministic for a seed.
    """
    if a.ndim != 3 or b.ndim != 3 or a.shape[0] != b.shape[0]:
        raise ValueError(f"a and b must be (C, H, W), of one depth, not {tuple(a.shape)}, {tuple(b.shape)}")
    ours, theirs = _described(a, b, patch, components, seed)
    size, reach = (a.shape[1], a.shape[2]), (b.shape[1], b.shape[2])
    # One matrix product is faster than the many gathers of a search, and exact.
    if radius is None and len(ours) * len(theirs) <= kind_of(a.device).pairs_exact:
        return _exact(ours, theirs, size, reach)
    generator = torch.Generator().manual_seed(seed)
    field = random_field(size, reach, generator) if start is None else start
    hunt = _Hunt(ours, theirs, inside(to_device(field, a.device), reach), reach)
    for _ in range(sweeps):
        for jump in _JUMPS:
            hunt.spread(jump)
        hunt.scatter(radius or max(reach), generator)
    return Matches(hunt.field, hunt.distance)


def search_exact(a: Tensor, b: Tensor, patch: int = 3) -> Matches:
    """The same by comparing every patch of `a` with every patch of `b`, in bounded memory."""
    ours, theirs = _described(a, b, patch, None, 0)
    return _exact(ours, theirs, (a.shape[1], a.shape[2]), (b.shape[1], b.shape[2]))


def distances(a: Tensor, b: Tensor, field: Tensor, patch: int = 3) -> Tensor:
    """Σ |a(x) − b(y)|² over each patch and its match, every value compared: float32 (H, W)."""
    ours, theirs = _described(a, b, patch, None, 0)
    return row_distance(ours, theirs, numbered(field, b.shape[2])).reshape(a.shape[1:])


def _described(a: Tensor, b: Tensor, patch: int, components: int | None, seed: int) -> tuple[Tensor, Tensor]:
    """Patches as rows: float32 (H·W, D) and (h·w, D), whose distances are those of the patches."""
    values = a.shape[0] * patch**2
    if components is None or values <= components:
        return _patches(a, patch), _patches(b, patch)
    basis = _basis(a, b, patch, min(components, values), seed)
    filters = basis.T.reshape(-1, a.shape[0], patch, patch)
    rows = (F.conv2d(_padded(x, patch), filters)[0].flatten(1).T.contiguous() for x in (a, b))
    return next(rows), next(rows)


def _basis(a: Tensor, b: Tensor, patch: int, components: int, seed: int) -> Tensor:
    """The principal components of some patches of both maps, (C·patch², components), orthonormal."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.cat([_sampled(x, patch, _SAMPLES // 2, generator) for x in (a, b)])
    basis = principal(samples - samples.mean(dim=0), components)
    if basis.shape[1] == 0:  # every patch is the same
        return samples.new_ones(samples.shape[1], 1) / samples.shape[1] ** 0.5
    return basis


def _sampled(x: Tensor, patch: int, count: int, generator: torch.Generator) -> Tensor:
    """Patches of `x` drawn at random, (count, C·patch²)."""
    height, width = x.shape[1:]
    padded = F.pad(x[None], [patch // 2] * 4, mode="replicate")[0]
    place = to_device(random_field((count, 1), (height, width), generator), x.device)
    window = grid((patch, patch), x.device)
    rows, columns = place[1][..., None] + window[1], place[0][..., None] + window[0]
    return padded[:, rows, columns].permute(1, 0, 2, 3).flatten(1)


def _padded(x: Tensor, patch: int) -> Tensor:
    return F.pad(x[None].float(), [patch // 2] * 4, mode="replicate")


def _patches(x: Tensor, patch: int) -> Tensor:
    return F.unfold(_padded(x, patch), patch)[0].T.contiguous()


def _exact(ours: Tensor, theirs: Tensor, size: Size, reach: Size) -> Matches:
    squares = theirs.square().sum(dim=1)
    chunk = max(1, _ENTRIES // len(theirs))
    found = [(squares - 2 * (part @ theirs.T)).argmin(dim=1) for part in ours.split(chunk)]
    index = torch.cat(found)
    field = torch.stack([index % reach[1], index // reach[1]]).reshape(2, *size)
    return Matches(field, row_distance(ours, theirs, index).reshape(size))


def row_distance(ours: Tensor, theirs: Tensor, index: Tensor) -> Tensor:
    """Squared distance of each row of `ours` from the row of `theirs` at `index`, in bounded memory."""
    chunk = max(1, _ENTRIES // ours.shape[1])
    pairs = zip(ours.split(chunk), index.split(chunk), strict=True)
    # Differences, not products, which cancel where patches are alike.
    return torch.cat([(part - theirs[places]).square_().sum(dim=1) for part, places in pairs])


class _Hunt:
    """The best matches so far, and offers of better ones."""

    def __init__(self, ours: Tensor, theirs: Tensor, field: Tensor, reach: Size) -> None:
        self.ours, self.theirs, self.reach = ours, theirs, reach
        self.field = field
        self.size = field.shape[1], field.shape[2]
        self.here = grid(self.size, field.device)
        self.distance = self._judge(field)

    def spread(self, jump: int) -> None:
        """Offer every place what its neighbours `jump` places away are matched with, moved back as far."""
        for dx, dy in _WAYS:
            shift = constant((dx * jump, dy * jump), self.here).view(2, 1, 1)
            neighbour = inside(self.here + shift, self.size)
            matched = self.field.flatten(1)[:, numbered(neighbour, self.size[1])].reshape(2, *self.size)
            self._offer(matched + self.here - neighbour)

    def scatter(self, radius: int, generator: torch.Generator) -> None:
        """Offer random places about the present match, within ever smaller distances."""
        while radius >= 1:
            # Drawn on the CPU: every device then tries the same places.
            drawn = to_device(torch.rand(2, *self.size, generator=generator), self.field.device)
            self._offer(self.field + ((2 * drawn - 1) * (radius + 0.5)).round().long())
            radius //= 2

    def _offer(self, field: Tensor) -> None:
        field = inside(field, self.reach)
        distance = self._judge(field)
        better = distance < self.distance
        self.field = torch.where(better, field, self.field)
        self.distance = torch.where(better, distance, self.distance)

    def _judge(self, field: Tensor) -> Tensor:
        return row_distance(self.ours, self.theirs, numbered(field, self.reach[1])).reshape(self.size)
