"""Key frames made ready to paint from, as few at a time as are needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_float
from vidstyle.image.fields import Size
from vidstyle.image.resize import fit, resize
from vidstyle.image.smooth import coloured
from vidstyle.methods.keys.files import KeyFile
from vidstyle.methods.keys.guides import Features, Guides, Weights, levels
from vidstyle.types import Frame

_HELD = 2  # key frames made ready: those on either side of a frame
_GLANCE = (12, 16)  # height and width at which key frames are compared as a whole


@dataclass(frozen=True, eq=False)
class Ready:
    """A key frame at the size of the result.

    file: it. painted: float32 (3, H, W), what it looks like. mask: (1, H, W), what of that is paint; None is
    all. guides: to paint others by.
    """

    file: KeyFile
    painted: Tensor
    mask: Tensor | None
    guides: Guides


def as_painted(content: Tensor, image: Tensor, mask: Tensor | None, *, colour_only: bool) -> Tensor:
    """What is painted, or its colours alone, over what is not: all (3, H, W) but the mask, (1, H, W)."""
    if colour_only:
        image = coloured(luminance(content), image)
    return image if mask is None else torch.lerp(content, image, mask)


def fitted(file: KeyFile, size: Size, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """What is painted, float32 (3, *size), and what of it is paint, (1, *size); None is all."""
    pixels, paint = file.read()
    painted = resize(to_float(pixels).to(device), size)
    mask = None if paint is None else resize(torch.from_numpy(paint).to(device), size)
    return painted, mask


class KeyFrames:
    """The key frames of a job by their frames. match: longest side at which frames are compared.

    filmed: a frame of the clip, by its index. features: of a picture; None where no network is asked.
    """

    def __init__(
        self,
        files: dict[int, KeyFile],
        filmed: Callable[[int], Frame],
        features: Features | None,
        weights: Weights,
        match: int | None,
        device: torch.device,
    ) -> None:
        self.files, self._filmed, self._features = files, filmed, features
        self._weights, self._match, self._device = weights, match, device
        self._held: OrderedDict[tuple[int, Size], Ready] = OrderedDict()
        self._glances: dict[int, Tensor] = {}

    def ready(self, frame: int, size: Size) -> Ready:
        """The key frame of a frame, at the size of the result. Raises MediaError where it is gone."""
        if (frame, size) not in self._held:
            while len(self._held) >= _HELD:
                self._held.popitem(last=False)
            self._held[frame, size] = self._made(frame, size)
        self._held.move_to_end((frame, size))
        return self._held[frame, size]

    def matched(self, size: Size) -> Size:
        """The size at which frames of this size are compared."""
        columns, rows = fit(size[1], size[0], min(max(size), self._match or max(size)))
        return rows, columns

    def _made(self, frame: int, size: Size) -> Ready:
        painted, mask = self.picture(frame, size)
        small = self.matched(size)
        filmed = resize(self._frame(frame), size)
        guides = Guides(
            resize(filmed, small), resize(painted, small), levels(small), self._features, self._weights
        )
        return Ready(self.files[frame], painted, mask, guides)

    def picture(self, frame: int, size: Size) -> tuple[Tensor, Tensor | None]:
        """What is painted of a frame, float32 (3, *size), and what of it is paint, (1, *size)."""
        return fitted(self.files[frame], size, self._device)

    def _frame(self, frame: int) -> Tensor:
        return to_float(self._filmed(frame).pixels).to(self._device)

    def likest(self, frame: Tensor) -> int:
        """The frame of that key frame which was filmed most like this one, float32 (3, H, W)."""
        seen = self._glance(frame)
        for each in self.files:
            if each not in self._glances:
                self._glances[each] = self._glance(self._frame(each))
        return min(self.files, key=lambda each: float((self._glances[each] - seen).square().mean()))

    @staticmethod
    def _glance(image: Tensor) -> Tensor:
        return resize(image, _GLANCE)
