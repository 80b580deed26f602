"""Guided patch synthesis (Jamriška et al. 2019): the place of a key frame for each pixel of a frame.

Most of a frame is where the frame before was, moved along the flow: there the search only looks whether
another place is clearly better. What no flow leads to is searched for in the whole key frame.

Departures: places are kept to parts of a pixel; candidates come from neighbours at several distances at once,
as in `vidstyle.image.patchmatch`; at the coarsest level every place is compared with every other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import to_device
from vidstyle.image.correspondence import at_start
from vidstyle.image.fields import Size, numbered
from vidstyle.image.places import broken, rescaled, seen, within
from vidstyle.image.resize import resize
from vidstyle.methods.keys.guides import PATCH, Guides, Table

_KNOWN = 0.5  # confidence from which on the flow says where a pixel was
_STICK = 0.006  # what leaving the place that the flow leads to costs, per weight of position
_STICK_WITHIN = 3.0  # pixels over which that cost rises
_FAR = 0.05  # of the longest side: farther from where it was a known place costs no more
_DOUBT = 0.25  # what the position counts of a pixel whose place is not known
_BAD = 5.0  # times the usual cost of known places, from which on others are looked for
_LEAST_BAD = 2e-3
_JUMPS, _RADII = (4, 2, 1), (4, 1)
_ENTRIES = 2**20  # numbers of distances held at a time


@dataclass(frozen=True, eq=False)
class Found:
    """places: float32 (2, h, w), into the key frame. error: (1, h, w), how unlike what lies there is."""

    places: Tensor
    error: Tensor


@dataclass(frozen=True, eq=False)
class Carried:
    """What is known beforehand.

    places: float32 (2, h, w), into the key frame. trust: (1, h, w) in [0, 1], how surely each is known.
    """

    places: Tensor
    trust: Tensor


@dataclass(frozen=True, eq=False)
class _Pixels:
    """Pixels that places are offered to, gathered once for many offers. at: which, int64 (N,).

    ours: (N, D), described. fits, stick, known: (N,), as a `_Hunt` has them. expected: (2, N), or none.
    """

    at: Tensor
    ours: Tensor
    fits: Tensor
    stick: Tensor
    known: Tensor
    expected: Tensor | None


def synthesise(guides: Guides, frame: Tensor, carried: Carried | None, rounds: int, seed: int) -> Found:
    """The places of a frame float32 (3, H, W); at the size of the finest level.

    rounds: of search and vote at each level, where other places are looked for.
    """
    size = guides.tables[-1].size
    responses = guides.responses(frame)
    places: Tensor | None = None
    for level, table in enumerate(guides.tables):
        here = None if carried is None else _at(carried, size, table.size)
        hunt = _Hunt(guides, level, frame, responses, here, places, guides.tables[-1].size)
        if places is None:
            hunt.everywhere()
        else:
            hunt.improve(rounds, torch.Generator().manual_seed(seed * 16 + level))
        places = hunt.places
    assert places is not None
    return Found(places, hunt.error().reshape(1, *size))


def _at(carried: Carried, size: Size, new: Size) -> Carried:
    places = rescaled(carried.places, new, size, new)
    return Carried(places, resize(carried.trust, new))


class _Hunt:
    """The best places so far at one level, and offers of better ones."""

    def __init__(
        self,
        guides: Guides,
        level: int,
        frame: Tensor,
        responses: Tensor | None,
        carried: Carried | None,
        coarser: Tensor | None,
        whole: Size,
    ) -> None:
        self.guides, self.level = guides, level
        self.table: Table = guides.tables[level]
        self.size, weights = self.table.size, guides.weights
        self.device = frame.device
        # Distances in squares of the longest side.
        self.unit = weights.position / max(self.size) ** 2
        self.uniformity = weights.uniformity
        self.start = None if coarser is None else self._finer(coarser)
        known = torch.zeros(self.size, dtype=torch.bool, device=frame.device)
        if carried is not None:
            known = carried.trust[0] > _KNOWN
        guess = self.start if carried is None else carried.places
        if carried is not None and self.start is not None:
            guess = torch.where(known, carried.places, self.start)
        self.known, self.expected = known.flatten(), None if carried is None else carried.places.flatten(1)
        self.stick = (_STICK * weights.position * known).flatten()
        self.ours = guides.frame(frame, responses, level)
        paint = torch.zeros(len(self.ours), self.table.rows.shape[1] - self.table.guides, device=self.device)
        # Of what is not known nothing is painted yet, at the coarsest level.
        painted = known if self.start is None else torch.ones_like(known)
        if guess is not None:
            paint = guides.paint(seen(self.table.painted, guess, 3), level)
        self.fits = painted.flatten().float()
        self.ours = torch.cat([self.ours, paint], dim=1)
        self.use: Tensor | None = None
        self.flat = torch.zeros(2, len(self.ours), device=self.device)
        self.cost = torch.full((len(self.ours),), torch.inf, device=self.device)

    @property
    def places(self) -> Tensor:
        return self.flat.reshape(2, *self.size)

    def _finer(self, coarser: Tensor) -> Tensor:
        reach = coarser.shape[1], coarser.shape[2]
        return rescaled(coarser, self.size, reach, self.size)

    def everywhere(self) -> None:
        """Compare every place with every one of the key frame; twice, so that none is used too often."""
        rows, split = self.table.rows, self.table.guides
        theirs, paint = rows[:, :split], rows[:, split:]
        spot = at_start(*self.size, self.device).flatten(1).T * self.unit**0.5
        expected = spot if self.expected is None else self.expected.T * self.unit**0.5
        nearness = torch.where(self.known, 1.0, _DOUBT)
        columns = torch.cat([theirs, paint, spot, _squares(theirs), _squares(paint), _squares(spot)], dim=1)
        queries = torch.cat(
            [
                -2 * self.ours[:, :split],
                -2 * self.fits[:, None] * self.ours[:, split:],
                -2 * nearness[:, None] * expected,
                torch.ones_like(self.fits)[:, None],
                self.fits[:, None],
                nearness[:, None],
            ],
            dim=1,
        )
        for _ in range(2):
            extra = 0.0 if self.use is None else self.uniformity * self.use
            chunk = max(1, _ENTRIES // len(rows))
            best = torch.cat([(part @ columns.T + extra).argmin(dim=1) for part in queries.split(chunk)])
            self.flat = torch.stack([best % self.size[1], best // self.size[1]]).float()
            self.cost.fill_(torch.inf)
            self.offer_all(self.flat)
            self.offer_expected()
            self.use = self._use()

    def improve(self, rounds: int, generator: torch.Generator) -> None:
        """From the coarser level's places, or where the flow leads, to better ones near by."""
        assert self.start is not None
        self.use = self._use_of(self.start.flatten(1))
        self.offer_all(self.start.flatten(1))
        self.offer_expected()
        at = self._doubtful()
        pixels = self._pixels(at)
        for number in range(rounds if len(at) else 0):
            if number:
                pixels = self._voted(at)
            for jump in _JUMPS:
                self.spread(pixels, jump)
            for radius in _RADII:
                drawn = to_device(torch.rand(2, len(at), generator=generator), self.device)
                self.offer(pixels, self.flat[:, at] + ((2 * drawn - 1) * (radius + 0.5)).round())

    def _voted(self, at: Tensor) -> _Pixels:
        """Pixels that are compared by the paint that they have got by now."""
        paint = self.guides.paint(seen(self.table.painted, self.places, PATCH), self.level)
        self.ours[at, self.table.guides :] = paint[at]
        pixels = self._pixels(at)
        self.cost[at] = self._cost(pixels, self.flat[:, at])
        return pixels

    def _pixels(self, at: Tensor) -> _Pixels:
        # Much quicker on a processor than an index in brackets.
        ours, fits, stick, known = (
            x.index_select(0, at) for x in (self.ours, self.fits, self.stick, self.known)
        )
        expected = None if self.expected is None else self.expected.index_select(1, at)
        return _Pixels(at, ours, fits, stick, known, expected)

    def offer_expected(self) -> None:
        """Where the flow leads, of what is known."""
        if self.expected is not None:
            pixels = self._pixels(self.known.nonzero()[:, 0])
            assert pixels.expected is not None
            self.offer(pixels, pixels.expected)

    def _doubtful(self) -> Tensor:
        """The pixels for which other places are looked for: indices."""
        settled = torch.zeros_like(self.known)
        if self.expected is not None:
            kept = (self.flat - self.expected).abs().amax(dim=0) < 0.5
            settled = self.known & kept
            if bool(settled.any()):
                around = _mean_around(self.cost.reshape(self.size)).flatten()
                usual = float(around[settled].median())
                settled &= around < max(_BAD * usual, _LEAST_BAD)
        open_ = ~settled.reshape(self.size) | broken(self.places)
        grown = F.max_pool2d(open_[None, None].float(), 3, 1, 1)[0, 0] > 0
        return grown.flatten().nonzero()[:, 0]

    def spread(self, pixels: _Pixels, jump: int) -> None:
        """Offer pixels what their neighbours `jump` pixels away are matched with, moved back as far."""
        width, height = self.size[1], self.size[0]
        rows, columns = pixels.at // width, pixels.at % width
        for dx, dy in ((jump, 0), (-jump, 0), (0, jump), (0, -jump)):
            y, x = (rows + dy).clamp(0, height - 1), (columns + dx).clamp(0, width - 1)
            shift = torch.stack([columns - x, rows - y])
            self.offer(pixels, self.flat.index_select(1, y * width + x) + shift)

    def offer_all(self, places: Tensor) -> None:
        """Take places (2, h·w) for all pixels, where they cost less."""
        places = within(places, self.size)
        everywhere = torch.arange(len(self.ours), device=self.device)
        whole = _Pixels(everywhere, self.ours, self.fits, self.stick, self.known, self.expected)
        cost = self._cost(whole, places)
        better = cost < self.cost
        self.flat = torch.where(better, places, self.flat)
        self.cost = torch.where(better, cost, self.cost)

    def offer(self, pixels: _Pixels, places: Tensor) -> None:
        """Take places (2, N) for pixels, where they cost less."""
        places = within(places, self.size)
        cost = self._cost(pixels, places)
        better = (cost < self.cost.index_select(0, pixels.at)).nonzero()[:, 0]
        at = pixels.at[better]
        self.flat[:, at] = places[:, better]
        self.cost[at] = cost[better]

    def _cost(self, pixels: _Pixels, places: Tensor) -> Tensor:
        index = numbered(places.round().long(), self.size[1])
        guide, paint = self._distances(pixels.ours, index)
        cost = guide + pixels.fits * paint
        if pixels.expected is not None:
            far = (places - pixels.expected).square().sum(dim=0)
            limit = (_FAR * max(self.size)) ** 2
            share = self.unit * torch.where(pixels.known, far.clamp(max=limit), _DOUBT * far)
            cost = cost + share + pixels.stick * (far / _STICK_WITHIN**2).clamp(max=1)
        return cost if self.use is None else cost + self.uniformity * self.use.index_select(0, index)

    def _distances(self, ours: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Squared distances by the guides and by the paint, in bounded memory."""
        rows, split = self.table.rows, self.table.guides
        chunk = max(1, _ENTRIES // rows.shape[1])
        guide, paint = [], []
        for begin in range(0, len(index), chunk):
            part = slice(begin, begin + chunk)
            squares = rows.index_select(0, index[part]).sub_(ours[part]).square_()
            guide.append(squares[:, :split].sum(dim=1))
            paint.append(squares[:, split:].sum(dim=1))
        return torch.cat(guide), torch.cat(paint)

    def error(self) -> Tensor:
        """How unlike, by the guides alone, what lies at the places is."""
        return self._distances(self.ours, numbered(self.flat.round().long(), self.size[1]))[0]

    def _use(self) -> Tensor:
        return self._use_of(self.flat)

    def _use_of(self, flat: Tensor) -> Tensor:
        """How often the patches around each place of the key frame are used, beyond once."""
        count = torch.bincount(numbered(flat.round().long(), self.size[1]), minlength=len(self.ours))
        return (_mean_around(count.float().reshape(self.size)).flatten() - 1).clamp_min(0)


def _mean_around(values: Tensor) -> Tensor:
    """The mean over the patch around each pixel, (h, w)."""
    padded = F.pad(values[None, None], [PATCH // 2] * 4, mode="replicate")
    return F.avg_pool2d(padded, PATCH, 1)[0, 0]


def _squares(rows: Tensor) -> Tensor:
    return rows.square().sum(dim=1, keepdim=True)
