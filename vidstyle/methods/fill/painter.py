"""Filling the holes of frames: first from what other frames show there, then by patches.

In a clip it takes three passes. The first goes forwards and brings along what earlier frames have shown of
what is behind, the second goes backwards and brings what later ones show, and the third fills what none has
shown, once, and carries that along. What is behind moves as what is around the hole does: there the flow is
completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.image.convert import to_uint8
from vidstyle.image.diffusion import diffused
from vidstyle.image.masks import dilated
from vidstyle.image.warp import in_frame, warp
from vidstyle.methods.fill.completion import SceneCompletion
from vidstyle.methods.fill.holes import Holes
from vidstyle.methods.fill.synthesis import Sight, synthesised
from vidstyle.types import Draft, Painted, Prior, Shot

SHEET = "sheet"
"""What is carried of a still that is filled from a library: uint8 (3, h, w), what there is to choose from."""
_HOLE, _PICTURE, _AGE = "hole", "picture", "age"
_UNKNOWN, _OLDEST = 255, 250  # ages: frames since it was seen; 0 is seen now
_SURE = 0.5  # weight of a flow from which on it tells how what is around a hole moves
_CLEAR = 1 / 32  # of the longest side, around a hole, where the flow may be that of what is in it
_RING = 6  # pixels around a hole in which light is compared
_MOST_LIGHT = 0.15  # by which what was seen elsewhere is made lighter or darker
_SHARPNESS = 4  # exponent by which the younger of two counts for more


@dataclass(frozen=True, eq=False)
class _Fetched:
    """What another frame has: its picture (3, H, W), ages (1, H, W), and where it reaches at all, bool."""

    picture: Tensor
    age: Tensor
    reaches: Tensor


class Filling:
    """Fills frames. passes: how many there are; by: see `FillOptions`; completion: by a library.

    sight: of patches, by more than their colours.
    """

    def __init__(
        self,
        holes: Holes,
        passes: int,
        by: str,
        completion: SceneCompletion | None = None,
        sight: Sight | None = None,
    ) -> None:
        self._holes, self._passes, self._by = holes, passes, by
        self._completion, self._sight = completion, sight
        self._index, self._begin, self._number = 0, 0, 1

    def at(self, index: int, shot: Shot, number: int) -> Filling:
        """See `Located.at`."""
        found = copy(self)
        found._index, found._begin, found._number = index, shot.start, number
        return found

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`.

        Outside the hole a frame stays as it is, bit for bit; only what a library shows may reach beyond
        it, to where the seam is seen least.
        """
        if draft is None:
            hole, carry = self._holes.at(self._index, self._begin, content, priors)
            picture, age = content, torch.where(hole, _UNKNOWN, 0)
        else:
            hole, carry = draft.carry[_HOLE].to(content.device) > 0, {}
            picture, age = draft.carry[_PICTURE].to(content), draft.carry[_AGE].to(content.device).int()
            picture = torch.where(hole, picture, content)
        last = self._number == self._passes
        for prior in priors[:1]:
            if bool(hole.any()) and _PICTURE in prior.carry and prior.vectors is not None:
                picture, age = _joined(picture, age, _fetched(content, hole, prior, last), hole, last)
        if last:
            picture, shown = self._completed(picture, hole & (age == _UNKNOWN), seed)
            carry = carry | shown
        elif bool((age == _UNKNOWN).any()):
            picture = diffused(picture, age != _UNKNOWN)
        kept = {
            _HOLE: hole.to(torch.uint8),
            _PICTURE: picture.half(),
            _AGE: age.to(torch.uint8),
        }
        return Painted(picture.clamp(0, 1), carry | kept)

    def _completed(self, picture: Tensor, unknown: Tensor, seed: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The picture with what is unknown made up, and what else is to be carried."""
        if not bool(unknown.any()):
            return picture, {}
        if bool(unknown.all()):
            raise MediaError(
                f"--mask, grown by --grow, covers all of frame {self._index}: nothing is left to fill it from"
            )
        if self._completion is not None:
            filled, sheet = self._completion(picture, unknown)
            return filled, {} if sheet is None else {SHEET: torch.from_numpy(to_uint8(sheet))}
        if self._by == "diffusion":
            return diffused(picture, ~unknown), {}
        return synthesised(picture, unknown, seed, self._sight), {}


def _fetched(content: Tensor, hole: Tensor, prior: Prior, made: bool) -> _Fetched:
    """What the frame of a prior has where the hole is. made: whether what was made up counts, too."""
    assert prior.vectors is not None
    sure = ~hole & (prior.weight > _SURE) & prior.vectors.isfinite().all(0, keepdim=True)
    if not bool(sure.any()):
        nowhere = torch.zeros_like(hole)
        return _Fetched(content, torch.full_like(hole, _UNKNOWN, dtype=torch.int32), nowhere)
    clear = sure & ~dilated(hole, max(2, round(_CLEAR * max(hole.shape[1:]))))
    known = clear if bool(clear.any()) else sure
    vectors = torch.where(hole, diffused(torch.nan_to_num(prior.vectors), known), prior.vectors)
    picture = warp(prior.carry[_PICTURE].to(content), vectors, "spline")
    ages = prior.carry[_AGE].to(content)
    age = warp(ages, vectors, "nearest").int()
    unknown = warp((ages == _UNKNOWN).float(), vectors)
    reaches = in_frame(vectors, (content.shape[1], content.shape[2]))
    if not made:
        reaches = reaches & (unknown < 0.01)
    ring = sure & dilated(hole, _RING)
    if bool(ring.any()):
        light = diffused(content - picture, ring).clamp(-_MOST_LIGHT, _MOST_LIGHT)
        picture = picture + torch.where(hole, light, 0)
    age = torch.where((age == _UNKNOWN) | (unknown >= 0.01), _UNKNOWN, (age + 1).clamp_max(_OLDEST))
    return _Fetched(picture, age, reaches)


def _joined(picture: Tensor, age: Tensor, other: _Fetched, hole: Tensor, last: bool) -> tuple[Tensor, Tensor]:
    """What the frame has with what another one has: where both have something, the younger, softly.

    In the last pass what the frame has stays, and only what is unknown is taken from the other.
    """
    if last:
        taken = hole & (age == _UNKNOWN) & other.reaches
        # What was made up counts as known from here on: it is filled once.
        return torch.where(taken, other.picture, picture), torch.where(taken, _OLDEST, age)
    ours = torch.where(age == _UNKNOWN, 0.0, 1 / age.clamp_min(1).float() ** _SHARPNESS)
    theirs = torch.where(other.reaches, 1 / other.age.clamp_min(1).float() ** _SHARPNESS, 0.0)
    share = theirs / (ours + theirs).clamp_min(1e-20)
    mixed = torch.where(hole & other.reaches, torch.lerp(picture, other.picture, share), picture)
    younger = torch.where(hole & other.reaches, torch.minimum(age, other.age), age)
    return mixed, younger
