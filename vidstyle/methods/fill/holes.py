"""Where the holes of a clip's frames are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.events import Notice
from vidstyle.image.correspondence import at_start, carried, looked_up, packed, unpacked
from vidstyle.image.masks import cleaned, whiteness
from vidstyle.image.resize import resize
from vidstyle.methods.maps import MapReader
from vidstyle.types import Prior
from vidstyle.video.clip import Clip

_OPTION = "--mask"
_PLACES = "hole_places"
_HALF = 0.5


class Holes:
    """Reads them, and lets a single one follow what it covers.

    follows: whether it does. first: index of the frame that it is of. grow: pixels by which each is grown.
    """

    def __init__(self, masks: Clip, *, follows: bool, first: int, grow: int, notice: Notice) -> None:
        self._reader, self._single = MapReader(_OPTION, masks), masks.kind == "still"
        self.follows = follows and self._single
        self._first, self._grow, self._notice = first, grow, notice

    def at(self, index: int, content: Tensor, priors: Sequence[Prior]) -> tuple[Tensor, dict[str, Tensor]]:
        """The hole of a frame in the first pass, bool (1, H, W), and what is to be carried."""
        size = content.shape[1], content.shape[2]
        if not self.follows:
            return self._grown(self._read(index, size).to(content.device)), {}
        if index == self._first:
            return self._grown(self._read(0, size).to(content.device)), {_PLACES: packed(at_start(*size))}
        links = [
            (unpacked(prior.carry[_PLACES].to(content.device)), prior.vectors, prior.weight)
            for prior in priors
            if _PLACES in prior.carry and prior.vectors is not None
        ]
        if not links:
            if not priors:
                self._notice(
                    f"a shot begins at frame {index}: a single mask is of the first shot alone, and from "
                    "here on nothing is filled; give one for every frame, or --no-follow"
                )
            return torch.zeros_like(content[:1], dtype=torch.bool), {}
        mask = self._read(0, size).to(content.device)
        places = carried(links, content, (mask > _HALF).float())
        return self._grown(looked_up(mask, places, "bilinear")), {_PLACES: packed(places).cpu()}

    def check(self, size: tuple[int, int]) -> None:
        """Raise MediaError for a single mask in which nothing is white, or everything."""
        if not self._single:
            return
        mask = self._read(0, size) > _HALF
        if not bool(mask.any()):
            raise MediaError(f"{_OPTION} {self._path} is black all over; what is to be filled is white in it")
        if bool(mask.all()):
            raise MediaError(f"{_OPTION} {self._path} is white all over: nothing is left to fill it from")

    @property
    def _path(self) -> str:
        return str(self._reader.clip.path)

    def _read(self, index: int, size: tuple[int, int]) -> Tensor:
        frame = self._reader.at(index)
        return cleaned(resize(whiteness(frame.pixels, frame.alpha), size))

    def _grown(self, mask: Tensor) -> Tensor:
        side = 2 * self._grow + 1
        return F.max_pool2d((mask > _HALF).float()[None], side, 1, self._grow)[0] > 0
