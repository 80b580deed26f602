"""Painting the frames between key frames, from one side in each pass.

Forwards, in the first pass, every frame is painted after the key frame before it; backwards, in the second,
after the one behind it, and both are blended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.events import Notice, say_nothing
from vidstyle.image.correspondence import at_start, packed, unpacked
from vidstyle.image.fields import Size
from vidstyle.image.places import followed, rescaled, seen
from vidstyle.image.resize import resize, resize_flow
from vidstyle.image.warp import warp
from vidstyle.methods.keys.blend import blended, chosen, shares
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.methods.keys.plan import Missing, Sides
from vidstyle.methods.keys.source import KeyFrames, as_painted
from vidstyle.methods.keys.synthesis import Carried, Found, synthesise
from vidstyle.types import Draft, Painted, Prior, Shot

PLACES, KEY, ERROR, TAKEN = "places", "key", "error", "taken"
_ROUNDS = {"draft": 1, "standard": 3, "high": 6}  # of search and vote
_VOTED = 3  # side in pixels of the patches that vote where places do not belong together


@dataclass(frozen=True, eq=False)
class Side:
    """A frame as it is by one key frame. key: of which frame that is."""

    key: int
    found: Found

    @property
    def carry(self) -> dict[str, Tensor]:
        """What the next frame needs of it."""
        return {
            PLACES: packed(self.found.places),
            KEY: torch.tensor([self.key]),
            ERROR: self.found.error.half(),
        }

    @classmethod
    def carried(cls, carry: Mapping[str, Tensor], device: torch.device) -> Side | None:
        """As it was carried, if it was."""
        if KEY not in carry:
            return None
        places = unpacked(carry[PLACES].to(device))
        return cls(int(carry[KEY]), Found(places, carry[ERROR].to(device).float()))


class KeyPainter:
    """Paints frames after key frames.

    sides: which key frames are of which frames. index, shot, number: of the frame to be painted; an index of
    None is a frame of which nothing is known.
    """

    def __init__(
        self,
        keys: KeyFrames,
        sides: Sides,
        options: KeysOptions,
        notice: Notice = say_nothing,
    ) -> None:
        self.keys, self.sides, self.options = keys, sides, options
        self.index: int | None = None
        self.shot, self.number = Shot(0, 0), 1
        self._missing = Missing(sides, notice)

    def at(self, index: int, shot: Shot, number: int) -> KeyPainter:
        """See `Located.at`."""
        placed = copy(self)
        placed.index, placed.shot, placed.number = index, shot, number
        return placed

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. The carry holds where the frame lies in a key frame, int16 (2, h, w), and how
        unlike that is, float16 (1, h, w), at the size of matching."""
        size = content.shape[1], content.shape[2]
        if self.index in self.keys.files:
            return self._key(self.index, content)
        after = self._side(content, priors, seed)
        before = None if draft is None else Side.carried(draft.carry, content.device)
        if (
            after is None
            and before is None
            and self._missing.takes_nearest(self.index, self.shot, self.number)
        ):
            after = self._found(self.keys.likest(content), content, None, seed)
        if before is not None and after is not None:
            return self._between(content, before, after, priors)
        side = before if after is None else after
        image = content if side is None else self._over(content, *self._seen(side, size))
        return Painted(image, {} if after is None else after.carry)

    def _between(self, content: Tensor, before: Side, after: Side, priors: Sequence[Prior]) -> Painted:
        """The frame between two key frames, of what it looks like by each of them."""
        size, (one, other) = (content.shape[1], content.shape[2]), (before.found.error, after.found.error)
        assert self.index is not None
        share = (self.index - before.key) / (after.key - before.key)
        taken = chosen(one, other, share, *self._taken_behind(priors))
        (image, mask), (behind, other_mask) = self._seen(before, size), self._seen(after, size)
        image = blended(image, behind, taken, shares(one, other, share))
        if mask is not None or other_mask is not None:
            whole = torch.ones_like(content[:1])
            mask, other_mask = (whole if each is None else each for each in (mask, other_mask))
            mask = torch.lerp(mask, other_mask, share)
        return Painted(self._over(content, image, mask), {**after.carry, TAKEN: taken.to(torch.uint8)})

    @staticmethod
    def _taken_behind(priors: Sequence[Prior]) -> tuple[Tensor | None, Tensor | None]:
        """What the frame behind this one took from the side after, along the flow, and how surely."""
        for prior in priors:
            if TAKEN in prior.carry:
                taken = prior.carry[TAKEN].to(prior.weight)
                size = taken.shape[1], taken.shape[2]
                if prior.vectors is not None:
                    taken = warp(taken, resize_flow(prior.vectors, size))
                return taken, resize(prior.weight, size)
        return None, None

    def _key(self, index: int, content: Tensor) -> Painted:
        """The key frame itself."""
        size = content.shape[1], content.shape[2]
        image, mask = self.keys.picture(index, size)
        small = self.keys.matched(size)
        found = Found(at_start(*small, content.device), torch.zeros(1, *small, device=content.device))
        return Painted(self._over(content, image, mask), Side(index, found).carry)

    def _side(self, content: Tensor, priors: Sequence[Prior], seed: int) -> Side | None:
        """The frame after the key frame that a neighbour was painted after."""
        for prior in priors:
            side = Side.carried(prior.carry, content.device)
            if side is not None:
                return self._found(side.key, content, self._followed(side, prior), seed)
        # Behind a flash, say, the neighbour shows nothing to follow.
        key = None if self.index is None else self.sides.side(self.index, self.shot, self.number)
        return None if key is None else self._found(key, content, None, seed)

    def _followed(self, side: Side, prior: Prior) -> Carried:
        """Where the frame lies by the neighbour, along the flow."""
        places = side.found.places
        size = places.shape[1], places.shape[2]
        if prior.vectors is not None:
            places = followed(places, resize_flow(prior.vectors, size))
        return Carried(places, resize(prior.weight, size))

    def _found(self, key: int, content: Tensor, carried: Carried | None, seed: int) -> Side:
        guides = self.keys.ready(key, (content.shape[1], content.shape[2])).guides
        frame = resize(content, guides.tables[-1].size)
        return Side(key, synthesise(guides, frame, carried, _ROUNDS[self.options.quality], seed))

    def _seen(self, side: Side, size: Size) -> tuple[Tensor, Tensor | None]:
        """What a side makes of a frame, and what of that is paint."""
        key = self.keys.ready(side.key, size)
        small = side.found.places.shape[1], side.found.places.shape[2]
        places = rescaled(side.found.places, size, small, size)
        mask = None if key.mask is None else seen(key.mask, places, _VOTED)
        return seen(key.painted, places, _VOTED), mask

    def _over(self, content: Tensor, image: Tensor, mask: Tensor | None) -> Tensor:
        return as_painted(content, image, mask, colour_only=self.options.color_only)
