"""Nearest patches between two maps of features (Barnes et al. 2009), in large tensor operations.

Departures from PatchMatch: a sweep offers every place the matches of its neighbours at distances 8, 4, 2 and
1 at once (jump flooding, Rong & Tan 2006) instead of scanning line by line, so that a match crosses the map
in few large steps; and deep patches are compared in their principal components, which costs a hundredth of
comparing every channel of every position of a patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import constant, kind_of, to_device
from vidstyle.image.fields import grid, inside, numbered, random_field
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


class Target:
    """The patches of a map, described for one search or for several.

    b: float32 (C, h, w). patch, components, seed: see `search`. like: a map whose patches count as those of
    `b` when the principal components are learnt. among: bool (1, h, w), the centres of those that may be
    matched; all of them where there is none.
    """

    def __init__(
        self,
        b: Tensor,
        *,
        patch: int = 3,
        components: int | None = _COMPONENTS,
        seed: int = 0,
        like: Tensor | None = None,
        among: Tensor | None = None,
    ) -> None:
        self.patch, self.reach = patch, (b.shape[1], b.shape[2])
        self.among = None if among is None else among.flatten()
        self.filters: Tensor | None = None
        values = b.shape[0] * patch**2
        if components is not None and values > components:
            maps = [b] if like is None else [like, b]
            self.filters = _basis(maps, patch, components, seed).T.reshape(-1, b.shape[0], patch, patch)
        self.rows = self.described(b)

    def described(self, a: Tensor) -> Tensor:
        """Patches as rows, float32 (H·W, D), whose distances are those of the patches."""
        if self.filters is None:
            return _patches(a, self.patch)
        return F.conv2d(_padded(a, self.patch), self.filters)[0].flatten(1).T.contiguous()

    def places(self, field: Tensor, generator: torch.Generator) -> Tensor:
        """A field in which what may not be matched is drawn anew."""
        if self.among is None:
            return field
        allowed = self.among.nonzero()[:, 0]
        drawn = torch.randint(len(allowed), tuple(field.shape[1:]), generator=generator)
        other = allowed[to_device(drawn, allowed.device)]
        fine = self.among[numbered(field, self.reach[1])].view_as(other)
        return torch.where(fine, field, torch.stack([other % self.reach[1], other // self.reach[1]]))


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
    target = Target(b, patch=patch, components=components, seed=seed, like=a)
    return search_in(target, a, start=start, radius=radius, sweeps=sweeps, seed=seed)


def search_in(
    target: Target,
    a: Tensor,
    *,
    where: Tensor | None = None,
    start: Tensor | None = None,
    radius: int | None = None,
    sweeps: int = 10,
    seed: int = 0,
) -> Matches:
    """The same with patches that are described already.

    where: bool (1, H, W), which patches of `a` are matched, at least one; all where there is none. Others
    keep what they start with, at distance 0. See `search`.
    """
    ours, size = target.described(a), (a.shape[1], a.shape[2])
    wanted = (torch.ones(len(ours), dtype=torch.bool) if where is None else where.flatten()).nonzero()[:, 0]
    wanted = wanted.to(a.device)
    generator = torch.Generator().manual_seed(seed)
    # One matrix product is faster than the many gathers of a search, and exact.
    exact = radius is None and len(wanted) * len(target.rows) <= kind_of(a.device).pairs_exact
    field = random_field(size, target.reach, generator) if start is None else start
    field = inside(to_device(field, a.device), target.reach)
    allowed = target.places(field, generator)
    field = allowed if where is None else torch.where(where, allowed, field)
    if exact:
        return _exact(ours, target, field, wanted)
    hunt = _Hunt(ours, target, field, wanted)
    for _ in range(sweeps):
        for jump in _JUMPS:
            hunt.spread(jump)
        hunt.scatter(radius or max(target.reach), generator)
    return hunt.matches()


def search_exact(a: Tensor, b: Tensor, patch: int = 3) -> Matches:
    """The same by comparing every patch of `a` with every patch of `b`, in bounded memory."""
    target, size = Target(b, patch=patch, components=None), (a.shape[1], a.shape[2])
    everywhere = torch.arange(size[0] * size[1], device=a.device)
    return _exact(target.described(a), target, grid(size, a.device), everywhere)


def distances(a: Tensor, b: Tensor, field: Tensor, patch: int = 3) -> Tensor:
    """Σ |a(x) − b(y)|² over each patch and its match, every value compared: float32 (H, W)."""
    ours, theirs = _patches(a, patch), _patches(b, patch)
    return row_distance(ours, theirs, numbered(field, b.shape[2])).reshape(a.shape[1:])


def _basis(maps: Sequence[Tensor], patch: int, components: int, seed: int) -> Tensor:
    """The principal components of some patches of maps, (C·patch², components), orthonormal."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.cat([_sampled(x, patch, _SAMPLES // len(maps), generator) for x in maps])
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


def _exact(ours: Tensor, target: Target, field: Tensor, wanted: Tensor) -> Matches:
    """Of the places that are wanted, int64 (n,), the nearest of all; others as in the field."""
    allowed = None if target.among is None else target.among.nonzero()[:, 0]
    theirs = target.rows if allowed is None else target.rows[allowed]
    squares = theirs.square().sum(dim=1)
    chunk = max(1, _ENTRIES // len(theirs))
    found = [(squares - 2 * (part @ theirs.T)).argmin(dim=1) for part in ours[wanted].split(chunk)]
    index = torch.cat(found) if allowed is None else allowed[torch.cat(found)]
    result, distance = field.flatten(1).clone(), ours.new_zeros(len(ours))
    result[:, wanted] = torch.stack([index % target.reach[1], index // target.reach[1]])
    distance[wanted] = row_distance(ours[wanted], target.rows, index)
    return Matches(result.view_as(field), distance.view(field.shape[1:]))


def row_distance(ours: Tensor, theirs: Tensor, index: Tensor) -> Tensor:
    """Squared distance of each row of `ours` from the row of `theirs` at `index`, in bounded memory."""
    chunk = max(1, _ENTRIES // ours.shape[1])
    pairs = zip(ours.split(chunk), index.split(chunk), strict=True)
    # Differences, not products, which cancel where patches are alike.
    return torch.cat([(part - theirs[places]).square_().sum(dim=1) for part, places in pairs])


class _Hunt:
    """The best matches so far of the places that are wanted, int64 (n,), and offers of better ones."""

    def __init__(self, ours: Tensor, target: Target, field: Tensor, wanted: Tensor) -> None:
        self.ours, self.target, self.wanted = ours[wanted], target, wanted
        self.size = field.shape[1], field.shape[2]
        self.here = grid(self.size, field.device).flatten(1)[:, wanted]
        self.field = field.flatten(1).clone()
        self.best = self.field[:, wanted]
        self.distance = self._judge(self.best)

    def spread(self, jump: int) -> None:
        """Offer every place what its neighbours `jump` places away are matched with, moved back as far."""
        for dx, dy in _WAYS:
            neighbour = inside(self.here + constant((dx * jump, dy * jump), self.here)[:, None], self.size)
            matched = self.field[:, numbered(neighbour, self.size[1])]
            self._offer(matched + self.here - neighbour)

    def scatter(self, radius: int, generator: torch.Generator) -> None:
        """Offer random places about the present match, within ever smaller distances."""
        while radius >= 1:
            # Drawn on the CPU: every device then tries the same places.
            drawn = torch.rand(2, *self.size, generator=generator).flatten(1)
            drawn = to_device(drawn, self.field.device)[:, self.wanted]
            self._offer(self.best + ((2 * drawn - 1) * (radius + 0.5)).round().long())
            radius //= 2

    def matches(self) -> Matches:
        distance = self.ours.new_zeros(self.field.shape[1])
        distance[self.wanted] = self.distance
        return Matches(self.field.view(2, *self.size), distance.view(self.size))

    def _offer(self, field: Tensor) -> None:
        field = inside(field, self.target.reach)
        distance = self._judge(field)
        better = distance < self.distance
        self.best = torch.where(better, field, self.best)
        self.field[:, self.wanted] = self.best
        self.distance = torch.where(better, distance, self.distance)

    def _judge(self, field: Tensor) -> Tensor:
        places = numbered(field, self.target.reach[1])
        distance = row_distance(self.ours, self.target.rows, places)
        if self.target.among is None:
            return distance
        return torch.where(self.target.among[places], distance, torch.inf)
