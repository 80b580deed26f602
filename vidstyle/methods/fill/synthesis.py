"""Holes filled with patches of what is around them (Wexler, Shechtman & Irani 2007; Newson et al. 2014).

Over a pyramid, from coarse to fine, by turns: for every patch that touches the hole the most alike one
outside is found by PatchMatch (Barnes et al. 2009), and every pixel becomes the weighted mean of what all
patches that cover it say. How rough a place is counts beside its colours, or what is plain wins everywhere;
and so does what a network sees there, where it is asked: grass beside grass, and not beside a green wall.

Departures: it begins ring by ring from the edge of the hole; what lies at the same height counts as more
alike; no patch reaches beyond the border; and last, most patches decide instead of their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.device import adaptive_avg_pool2d, adaptive_max_pool2d, constant, quantile
from vidstyle.features.vgg import VGG
from vidstyle.image.diffusion import diffused
from vidstyle.image.fields import around, follow, grid, inside, numbered, upsample
from vidstyle.image.masks import away_from, dilated
from vidstyle.image.patches import principal
from vidstyle.image.patchmatch import Matches, Target, search_in
from vidstyle.image.poisson import gradients, screened_poisson, seamless
from vidstyle.image.resize import resize

_PATCH = 7
_SMALLEST = 2 * _PATCH + 2  # pixels, shorter side of the coarsest size
_DEEPEST = 5  # pixels from the hole's edge to its middle, there
_STEP = 0.6  # from one size to the next
_ROUNDS = (12, 4)  # of search and vote, at the coarsest size and at the finest
_SWEEPS = 3
_ROUGH = 7.0  # what the mean change from pixel to pixel weighs beside colours: the root of Newson's 50
_AROUND = 15  # pixels, side of what that mean is of
_INWARD = 1.2  # by so much less a patch counts for each pixel that it lies deeper in the hole
_LEVEL = 0.5  # what the way from top to bottom weighs beside colours
_AGREEMENTS = 2  # times that what most patches say draws the mean to it
_EVEN = 0.5  # of the hole's depth: width over which differences of light are evened out
_EVENED = 3_000_000  # pixels around a hole up to which that is done: it takes 600 bytes of each
_MOST_LIGHT = 0.04  # by which a pixel is made lighter or darker for that: what differs by more is an edge
_AT_ONCE = 2**14  # pixels that are voted on together
_REACH = 2  # patches around a hole that are looked at with it
_NEIGHBOURHOOD = 256  # pixels around a hole in a very large picture, or its side, that are looked at
_LAYER = "relu3_1"  # of what a network sees
_COMPONENTS, _SAMPLES = 8, 1024  # of that, and of positions that they are found from
_SEARCHED = 600_000  # pixels of the largest size at which is searched: above, what was found is enlarged


@dataclass(frozen=True)
class Sight:
    """What a network sees counts beside colours. weight: how much, as their deviation would at 1."""

    network: VGG
    weight: float

    def maps(self, picture: Tensor, hole: Tensor) -> Tensor:
        """What is seen at each pixel, float32 (n, H, W), by its principal components outside the hole.

        picture: float32 (3, H, W) in [0, 1]; hole: bool (1, H, W). What is seen of the hole is that of a
        smooth filling, and is filled like colours. No more is looked at than is searched. n is 8 at most, and
        0 where all that is known looks the same.
        """
        size = picture.shape[1], picture.shape[2]
        share = min(1.0, _SEARCHED / (size[0] * size[1])) ** 0.5
        small = resize(diffused(picture, ~hole), (max(1, int(share * size[0])), max(1, int(share * size[1]))))
        seen = self.network(small.clamp(0, 1)[None], [_LAYER])[_LAYER][0].float()
        known = ~_open(hole, (seen.shape[1], seen.shape[2]))[0]
        if not bool(known.any()):
            return picture[:0]
        rows = seen[:, known].T
        middle = rows.mean(0)
        basis = principal(rows[:: max(1, len(rows) // _SAMPLES)] - middle, _COMPONENTS)
        if not basis.shape[1]:
            return picture[:0]
        found = (basis.T @ (seen.flatten(1) - middle[:, None])).view(-1, *seen.shape[1:])
        deviation = found[:, known].square().sum(0).mean().sqrt().clamp_min(1e-6)
        spread = picture[:, ~hole[0]].var(1).sum().sqrt()
        return resize(self.weight * spread / deviation * found, size)


def synthesised(picture: Tensor, hole: Tensor, seed: int, sight: Sight | None = None) -> Tensor:
    """A picture (3, H, W) in [0, 1] with its hole, bool (1, H, W), filled. sight: None for colours alone.

    Where no whole patch lies outside the hole it is smoothed over. Of a very large picture only what is
    around the hole is looked at, patches are found at a smaller size, and its own pixels put where they lie.
    Deterministic for a seed.
    """
    if not bool(hole.any()) or bool(hole.all()):
        return picture
    if hole.numel() <= _SEARCHED:
        return _synthesised(picture, hole, seed, sight)
    top, left, bottom, right = _box(hole, 0)
    top, left, bottom, right = _box(hole, max(_NEIGHBOURHOOD, bottom - top, right - left))
    result = picture.clone()
    part = result[:, top:bottom, left:right]
    part.copy_(_synthesised(part.clone(), hole[:, top:bottom, left:right], seed, sight))
    return result


def _synthesised(picture: Tensor, hole: Tensor, seed: int, sight: Sight | None) -> Tensor:
    # Colours, how rough it is, and what is seen: all are filled.
    maps = torch.cat([picture, _ROUGH * _roughness(picture, hole)])
    if sight is not None and sight.weight:
        maps = torch.cat([maps, sight.maps(picture, hole)])
    size = picture.shape[1], picture.shape[2]
    sizes = _sizes(size, float(away_from(~hole).max()))
    filled, field = None, None
    for level, small in enumerate(sizes):
        open_, seen = _open(hole, small), _shown(maps, hole, small)
        known = _begun(seen, open_) if filled is None else torch.where(open_, resize(filled, small), seen)
        if bool(_whole(open_).any()):
            share = level / max(1, len(sizes) - 1)
            rounds = round(_ROUNDS[0] + (_ROUNDS[1] - _ROUNDS[0]) * share)
            if field is not None and small[0] * small[1] > _SEARCHED:
                rounds = 0
            field = None if field is None else upsample(field, small, sizes[level - 1], small)
            turn = _Turn(known, open_, field, seed + 64 * level)
            for _ in range(rounds):
                turn.go()
            filled, field = turn.maps, turn.field
            if small == size:
                filled = turn.finished()
        else:
            filled = known
    assert filled is not None
    return torch.where(hole, filled[:3].clamp(0, 1), picture)


def _sizes(size: tuple[int, int], depth: float) -> list[tuple[int, int]]:
    """From coarse to fine. depth: of the hole, in pixels."""
    sizes, scale = [size], _STEP
    while scale * min(size) >= _SMALLEST and scale / _STEP * depth > _DEEPEST:
        sizes.append((round(size[0] * scale), round(size[1] * scale)))
        scale *= _STEP
    return sizes[::-1]


def _begun(maps: Tensor, hole: Tensor) -> Tensor:
    """A small picture (C, H, W) with its hole filled for a beginning: from its edge inwards, ring by ring.

    Each pixel is what the patch has in its middle that is most like what is known around. By diffusion what
    is thin is lost, and where no whole patch lies outside there is nothing else.
    """
    among = _whole(hole)
    if not bool(among.any()):
        return diffused(maps, ~hole)
    channels, size = len(maps), (maps.shape[1], maps.shape[2])
    compared = torch.cat([maps, _rows(maps)])
    there = F.unfold(compared[None], _PATCH, padding=_PATCH // 2)[0].T[among.flatten()]
    middles, left = maps.flatten(1)[:, among.flatten()], hole
    while bool(left.any()):
        ring = (left & dilated(~left, 1)).flatten()
        mask = (~left).float()
        masks = F.unfold(mask.expand(channels + 1, *size)[None], _PATCH, padding=_PATCH // 2)[0].T[ring]
        here = F.unfold((compared * mask)[None], _PATCH, padding=_PATCH // 2)[0].T[ring]
        distance = masks @ there.square().T - 2 * here @ there.T
        compared.flatten(1)[:channels, ring] = middles[:, distance.argmin(1)]
        left = left & ~ring.view_as(left)
    return compared[:channels]


def _rows(maps: Tensor) -> Tensor:
    """How far down each pixel lies, as it counts beside colours: (1, H, W).

    In a photograph like lies beside like: the ground is below, and what is far away in one height.
    """
    rows = torch.linspace(0, _LEVEL, maps.shape[1], device=maps.device)
    return rows.to(maps)[None, :, None].expand(1, maps.shape[1], maps.shape[2])


def _open(hole: Tensor, size: tuple[int, int]) -> Tensor:
    """Where a smaller picture shows any of the hole."""
    return adaptive_max_pool2d(hole[None].float(), size)[0] > 0


def _shown(maps: Tensor, hole: Tensor, size: tuple[int, int]) -> Tensor:
    """A smaller picture of what is known alone."""
    known = (~hole).float()
    if tuple(maps.shape[1:]) == size:
        return maps * known
    sums, weight = (adaptive_avg_pool2d(each[None], size)[0] for each in (maps * known, known))
    return sums / weight.clamp_min(1e-6)


def _roughness(picture: Tensor, hole: Tensor) -> Tensor:
    """Mean change of brightness from pixel to pixel, across and down, of what is known near by: (2, H, W)."""
    grey, known = picture.mean(0, keepdim=True), (~hole).float()
    pad = (0, 1, 0, 1)
    beside = F.pad(torch.cat([grey, known])[None], pad, mode="replicate")[0]
    changes = torch.stack([beside[0, :-1, 1:] - grey[0], beside[0, 1:, :-1] - grey[0]]).abs()
    both = known * torch.stack([beside[1, :-1, 1:], beside[1, 1:, :-1]])
    sums, weight = (
        F.avg_pool2d(each[None], _AROUND, 1, _AROUND // 2, count_include_pad=False)[0]
        for each in (changes * both, both)
    )
    return sums / weight.clamp_min(1e-6)


class _Turn:
    """Search and vote at one size.

    maps: all that is filled, (C, H, W). field: on all of them; elsewhere than around the hole every patch is
    matched with itself.
    """

    def __init__(self, maps: Tensor, hole: Tensor, field: Tensor | None, seed: int) -> None:
        self.maps, self.seed = maps.clone(), seed
        self.size = maps.shape[1], maps.shape[2]
        self.top, self.left, self.bottom, self.right = _box(hole, _REACH * _PATCH)
        self.window = self._of(hole)
        self.wanted, self.depth = dilated(self.window, _PATCH // 2), away_from(~self.window)
        self._trust = _INWARD ** -self.depth[0]
        self._hole = hole
        self.field, self._start = grid(self.size, maps.device), None
        if field is not None:
            self.field = torch.where(dilated(hole, _PATCH // 2), field, self.field)
            # What is enlarged is blurred, and would find what is plain.
            self._put(follow(self.maps, self._of(self.field))[:, self.window[0]])
            self._start = self._of(self.field)

    @cached_property
    def _target(self) -> Target:
        """No patch in it touches the hole: what is matched with does not change."""
        return Target(self._seen(), patch=_PATCH, seed=self.seed, among=_whole(self._hole))

    def go(self) -> None:
        """Once."""
        found = search_in(
            self._target,
            self._of(self._seen()),
            where=self.wanted,
            start=self._start,
            sweeps=_SWEEPS,
            seed=self.seed,
        )
        self.seed += 1
        self._start = found.field
        self.field = self.field.clone()
        self._of(self.field).copy_(torch.where(self.wanted, found.field, self._of(self.field)))
        self._trusted(found)
        self._put(self._voted(self.maps, 0))

    def finished(self) -> Tensor:
        """The colours, (3, H, W): not the mean of what patches say, but what most of them say alike.

        So are their changes from pixel to pixel, and where two patches meet that differ in light alone these
        even it out.
        """
        colours = self.maps[:3]
        result = colours.clone()
        if self.window.numel() > _EVENED:
            self._of(result)[:, self.window[0]] = self._voted(colours, _AGREEMENTS)
            return result
        layers = torch.cat([colours, *gradients(colours)])
        made = self._of(layers).clone()
        made[:, self.window[0]] = self._voted(layers, _AGREEMENTS)
        width = max(1.0, _EVEN * float(self.depth.max()))
        even = screened_poisson(made[:3], made[3:6], made[6:], made.new_full((3,), width))
        light = (seamless(even, made[:3], self.window) - made[:3]).clamp(-_MOST_LIGHT, _MOST_LIGHT)
        self._of(result).copy_(made[:3] + torch.where(self.window, light, 0))
        return result

    def _seen(self) -> Tensor:
        """What patches are compared by: the maps, and how far down they lie."""
        return torch.cat([self.maps, _rows(self.maps)])

    def _of(self, whole: Tensor) -> Tensor:
        return whole[:, self.top : self.bottom, self.left : self.right]

    def _put(self, made: Tensor) -> None:
        """What is made of the pixels of the hole, (C, n), into the maps."""
        self.maps = self.maps.clone()
        self._of(self.maps)[:, self.window[0]] = made

    def _trusted(self, found: Matches) -> None:
        """How much each patch counts: more where it matches well and where it sees what is known.

        γ^−depth · exp(−d / 2σ²), σ² such that three quarters of the patches are nearer.
        """
        spread = quantile(found.distance[self.wanted[0]], 0.75).clamp_min(1e-6)
        likeness = torch.exp(-found.distance / (2 * spread)).clamp_min(1e-4)
        self._trust = likeness * _INWARD ** -self.depth[0]

    def _voted(self, layers: Tensor, agreements: int) -> Tensor:
        """What the patches around each pixel of the hole say it is, of layers (C, H, W): (C, n)."""
        here = self._of(grid(self.size, layers.device))[:, self.window[0]]
        parts = here.split(_AT_ONCE, dim=1)
        return torch.cat([self._agreed(layers, part, agreements) for part in parts], dim=1)

    def _agreed(self, layers: Tensor, here: Tensor, agreements: int) -> Tensor:
        """The same of some pixels, int64 (2, n): the mean of what is said, drawn to what most say alike."""
        steps = constant(tuple(around(_PATCH)), here)[..., None]
        neighbour = inside((here + steps).movedim(1, 0), self.size)  # (2, patches, n)
        shift = constant((self.left, self.top), here)[:, None, None]
        column, row = neighbour - shift
        counts = self._trust[row, column]
        matched = self.field.flatten(1)[:, numbered(neighbour, self.size[1])].view_as(neighbour)
        place = inside(matched + here[:, None] - neighbour, self.size)
        said = layers.flatten(1)[:, numbered(place, self.size[1])].view(-1, *counts.shape)
        mean = _weighted(said, counts)
        for _ in range(agreements):
            apart = (said[:3] - mean[:3, None]).square().sum(0)
            counts = counts * torch.exp(-apart / _weighted(apart[None], counts).clamp_min(1e-8))
            mean = _weighted(said, counts)
        return mean


def _weighted(values: Tensor, counts: Tensor) -> Tensor:
    """The mean of values (C, patches, n) by their weights (patches, n): (C, n)."""
    return (values * counts).sum(1) / counts.sum(0).clamp_min(1e-30)


def _whole(hole: Tensor) -> Tensor:
    """Where a patch shows nothing of the hole and nothing beyond the border, bool (1, H, W).

    Beyond it the picture is continued by its outermost pixels, which makes stripes of whatever lies there.
    """
    clear = ~dilated(hole, _PATCH // 2 + 1)  # nor the change from its outermost pixels to the next
    rim = torch.zeros_like(clear)
    rim[:, _PATCH // 2 : -(_PATCH // 2), _PATCH // 2 : -(_PATCH // 2)] = True
    kinds = clear & rim, clear, ~dilated(hole, _PATCH // 2)
    return next((kind for kind in kinds if bool(kind.any())), kinds[-1])


def _box(hole: Tensor, margin: int) -> tuple[int, int, int, int]:
    """The smallest window that holds the hole and what is around it: top, left, bottom, right."""
    rows, columns = hole[0].any(1).nonzero()[:, 0], hole[0].any(0).nonzero()[:, 0]
    height, width = hole.shape[1:]
    return (
        max(0, int(rows[0]) - margin),
        max(0, int(columns[0]) - margin),
        min(height, int(rows[-1]) + 1 + margin),
        min(width, int(columns[-1]) + 1 + margin),
    )
