"""Where the holes of a clip's frames are."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.events import Notice
from vidstyle.image.diffusion import diffused
from vidstyle.image.masks import between, cleaned, dilated, whiteness
from vidstyle.image.resize import resize
from vidstyle.image.segmentation import outlined
from vidstyle.image.warp import warp
from vidstyle.methods.maps import MapReader
from vidstyle.types import Frame, Prior
from vidstyle.video.clip import Clip

_OPTION = "--mask"
_THING = "thing"
_HALF = 0.5
_LIKELY, _CERTAIN = 1, 2
_NEAR = 12  # frames from one mask to the next at most, for what moves between to go about straight
_BAND = 1 / 80  # of the longest side: how far from where the flow leads its edge may lie
# Pixels by which two motions differ at least, and the share of that within which one of them is met.
_APART, _LIKE = 0.7, 0.35


class Holes:
    """Reads them, and lets those that are not of every frame follow what they cover.

    of: which mask a frame has, by its place, where only some have one. follows: whether a mask is followed
    where the next frame has none. first: index of the frame that a single one is of. grow: pixels by which
    each is grown.
    """

    def __init__(
        self,
        masks: Clip,
        *,
        of: Mapping[int, int] | None = None,
        follows: bool,
        first: int,
        grow: int,
        notice: Notice,
    ) -> None:
        self._reader, self._single = MapReader(_OPTION, masks), masks.kind == "still"
        self._of = {first: 0} if self._single and follows else of
        self.follows = follows and self._of is not None
        self._first, self._grow, self._notice = first, grow, notice

    def at(
        self, index: int, begin: int, content: Tensor, priors: Sequence[Prior]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The hole of a frame in the first pass, bool (1, H, W), and what is to be carried.

        begin: where its shot begins.
        """
        size = content.shape[1], content.shape[2]
        if not self.follows:
            return self._grown(self._read(index, size).to(content.device)), {}
        thing = self._followed(index, content, priors)
        thing = thing.maximum(_LIKELY * self._mixed(index, begin, size).to(thing))
        return self._grown((thing > 0).float()), {_THING: thing}

    def _followed(self, index: int, content: Tensor, priors: Sequence[Prior]) -> Tensor:
        """What the mask before it covers in a frame: uint8 (1, H, W), 0, `_LIKELY` or `_CERTAIN`.

        From frame to frame it goes along the flow, and its edge to where colours part: a thing that turns
        shows sides that the first frame did not, and flow is least sure at edges. What moves otherwise than
        what is behind stays, however thin. What moves as that is no part of the thing, whatever its colours,
        unless it certainly was: a foot may stand still.
        """
        if self._of is not None and index in self._of:
            mask = (
                self._read(self._of[index], (content.shape[1], content.shape[2])).to(content.device) > _HALF
            )
            return _CERTAIN * mask.to(torch.uint8)
        before = next((each for each in priors if _THING in each.carry and each.vectors is not None), None)
        if before is None or before.vectors is None:
            if not priors:
                self._notice(
                    f"a shot begins at frame {index} without a mask: from here to the next one nothing is "
                    "filled; give a folder of masks with one of this frame, numbered by their frames, or "
                    "--no-follow"
                )
            return torch.zeros_like(content[:1], dtype=torch.uint8)
        vectors, band = torch.nan_to_num(before.vectors), max(2, round(_BAND * max(content.shape[1:])))
        was = warp(before.carry[_THING].to(content.device).float(), vectors, "nearest")
        moved, seen = was > 0, before.weight > _HALF
        certain = (was == _CERTAIN) & seen
        edged = outlined(content, moved, band)
        apart, behind = _parted(moved, vectors, band)
        moves = apart & ~behind
        inside = torch.where(moved, moves | edged & (certain | ~behind), edged & ~behind)
        certain = certain | edged & moves & seen
        return inside.to(torch.uint8) * torch.where(certain, _CERTAIN, _LIKELY).to(torch.uint8)

    def _mixed(self, index: int, begin: int, size: tuple[int, int]) -> Tensor:
        """What two masks that are near in time would cover on the way from one to the other, bool (1, H, W).

        What is lost on the way is covered by it; what is covered too much is seen in other frames.
        """
        of = self._of or {}
        given = sorted(place for place in of if place >= begin)
        next_one = bisect(given, index)
        near = given[max(0, next_one - 1) : next_one + 1]
        if next_one == 0 or len(near) < 2 or near[1] - near[0] > _NEAR:
            return torch.zeros(1, *size, dtype=torch.bool)
        first, last = (self._read(of[each], size) > _HALF for each in near)
        return between(first, last, (index - near[0]) / (near[1] - near[0]))

    def check(self, size: tuple[int, int], stop: int | None) -> None:
        """Raise MediaError where nothing is white up to frame `stop`, or a single mask is white all over."""
        if self._of is not None and not self.follows:
            raise MediaError(
                f"{_OPTION} {self._path} has masks of some frames alone, which is for those that follow what "
                "they cover; leave out --no-follow, or give a single one"
            )
        every = self._of is None and not self._single
        frames = self._reader.clip.frames(*((self._first, stop) if every else (0, None)))
        if not any(bool((_white(frame, size) > _HALF).any()) for frame in frames):
            raise MediaError(f"{_OPTION} {self._path} is black all over; what is to be filled is white in it")
        if self._single and bool((self._read(0, size) > _HALF).all()):
            raise MediaError(f"{_OPTION} {self._path} is white all over: nothing is left to fill it from")

    @property
    def _path(self) -> str:
        return str(self._reader.clip.path)

    def _read(self, index: int, size: tuple[int, int]) -> Tensor:
        return _white(self._reader.at(index), size)

    def _grown(self, mask: Tensor) -> Tensor:
        return dilated(mask > _HALF, self._grow)


def _white(frame: Frame, size: tuple[int, int]) -> Tensor:
    """What is white in a mask, float32 (1, H, W) in [0, 1]."""
    return cleaned(resize(whiteness(frame.pixels, frame.alpha), size))


def _parted(thing: Tensor, vectors: Tensor, band: int) -> tuple[Tensor, Tensor]:
    """Where the thing moves otherwise than what is behind, and where a frame moves as that, bool (1, H, W).

    thing: bool (1, H, W), about where it is. vectors: the flow.
    """
    around, inner = ~dilated(thing, band), ~dilated(~thing, band)
    core = inner if bool(inner.any()) else thing
    if not bool(core.any()) or not bool(around.any()):
        return torch.zeros_like(thing), torch.zeros_like(thing)
    behind = diffused(vectors, around)
    own = vectors[:, core[0]].median(dim=1).values.view(2, 1, 1)
    apart = (own - behind).norm(dim=0, keepdim=True)
    off = (vectors - behind).norm(dim=0, keepdim=True)
    return apart > _APART, (apart > _APART) & (off < _LIKE * apart)
