"""Animated WebP, which FFmpeg does not read, as clips: Pillow decodes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from itertools import accumulate, islice
from pathlib import Path

import numpy as np
from PIL.WebPImagePlugin import WebPImageFile

from ..errors import MediaError
from ..types import Frame
from .clip import Clip, file_digest
from .colour import SRGB_PICTURE
from .damage import Damage
from .headers import webp_durations
from .pictures import picture_header, read_bytes
from .transparency import covered

_MILLISECOND = Fraction(1, 1000)
_UNTOLD = 100  # ms: as browsers show a frame that is given no time


class AnimatedWebP(Clip):
    """An animated WebP file. Every frame needs those before it, so that they are always all decoded."""

    def __init__(self, path: Path, damaged: str = "skip") -> None:
        self._stops = damaged == "stop"
        data = read_bytes(path)
        header = picture_header(data, path)
        self._durations = [duration or _UNTOLD for duration in webp_durations(data)]
        total = sum(self._durations) * _MILLISECOND
        first = next(self._pictures(path, Damage(path.name, [], stops=False)), None)
        if first is None:
            raise MediaError(f"{path} holds no frame that can be decoded; it may be damaged or cut short")
        super().__init__(
            path=path,
            kind="video",
            width=header.width,
            height=header.height,
            bit_depth=8,
            frame_rate=len(self._durations) / total,
            time_base=_MILLISECOND,
            frame_count=len(self._durations),
            frame_count_exact=False,
            duration_seconds=total,
            has_alpha=len(first) == 4,
            color=SRGB_PICTURE,
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        damage = Damage(self.path.name, self.notices, self._stops)
        begins = accumulate(self._durations, initial=0)
        timed = zip(self._pictures(self.path, damage), begins, self._durations, strict=False)
        for index, (pixels, pts, duration) in enumerate(islice(timed, stop)):
            if index >= start:
                shown, alpha = pixels[:3], pixels[3:] if self.has_alpha else None
                if alpha is not None:
                    shown = covered(shown, alpha)
                yield Frame(shown, index, pts, self.time_base, duration, alpha)

    def _pictures(self, path: Path, damage: Damage) -> Iterator[np.ndarray]:
        """uint8 (C, H, W), RGB or RGBA."""
        image = _opened(path)
        for index in range(len(self._durations)):
            try:
                image.seek(index)
                pixels = np.asarray(image).transpose(2, 0, 1)
            except (OSError, EOFError, ValueError, SyntaxError):
                damage.end(f"frame {index} cannot be decoded")
                return
            yield np.ascontiguousarray(pixels)

    def digest(self) -> str:
        return file_digest(self.path).hex()


def _opened(path: Path) -> WebPImageFile:
    """Not by Image.open, which has a limit of its own to the size."""
    try:
        return WebPImageFile(BytesIO(read_bytes(path)))
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{path} cannot be read as an animated WebP: the file is damaged") from error
