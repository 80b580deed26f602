"""Painting between key frames by what a network has learnt from them (after Texler et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from torch import Tensor

from vidstyle.methods.base import Painter
from vidstyle.methods.keys.plan import Missing
from vidstyle.methods.keys.source import KeyFrames, as_painted
from vidstyle.types import Draft, Painted, Prior, Shot


class LearntPainter:
    """A painter whose frames go over into the key frames, which come out as they are.

    painter: of all frames, maybe over those before; in a second pass, backwards, over those behind: so what a
    key frame has that was not learnt fades away on both sides of it, and does not flash up.
    """

    def __init__(self, painter: Painter, keys: KeyFrames, missing: Missing, *, colour_only: bool) -> None:
        self._painter, self._keys, self._missing, self._colour_only = painter, keys, missing, colour_only
        self._index: int | None = None
        self._left = False

    def at(self, index: int, shot: Shot, number: int) -> LearntPainter:
        """See `Located.at`."""
        placed = copy(self)
        placed._index = index
        placed._left = self._missing.stays(shot, number)
        return placed

    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`."""
        if self._left:
            return Painted(content)
        painted = self._painter.paint(content, priors, seed, draft)
        image = painted.image
        if self._index in self._keys.files:
            image, _ = self._keys.picture(self._index, (content.shape[1], content.shape[2]))
        return replace(painted, image=as_painted(content, image, None, colour_only=self._colour_only))
