"""How bright and colourful a film was mastered: SMPTE ST 2086 and the content light levels of CTA-861.3."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

import av

from .side_data import side_data

_ENCODERS = {"libx265": "x265-params", "libsvtav1": "svtav1-params"}


@dataclass(frozen=True, slots=True)
class HdrLevels:
    """mastering: x and y of red, green, blue and white (CIE 1931), then the least and the greatest luminance
    of the display (cd/m²). light: the brightest pixel and the brightest frame's average (cd/m²)."""

    mastering: tuple[Fraction, ...] | None
    light: tuple[int, int] | None

    def options(self, encoder: str) -> dict[str, str] | None:
        """Options by which FFmpeg's `encoder` writes these; None where it cannot."""
        if encoder not in _ENCODERS:
            return None
        x265, words = encoder == "libx265", []
        if self.mastering:
            colour, luminance = (50_000, 10_000) if x265 else (1, 1)
            *points, darkest, brightest = self.mastering
            red, green, blue, white = (
                _pair(points[i] * colour, points[i + 1] * colour, x265) for i in range(0, 8, 2)
            )
            levels = _pair(brightest * luminance, darkest * luminance, x265)
            name = "master-display" if x265 else "mastering-display"
            words.append(f"{name}=G{green}B{blue}R{red}WP{white}L{levels}")
        if self.light:
            words.append(f"{'max-cll' if x265 else 'content-light'}={self.light[0]},{self.light[1]}")
        return {_ENCODERS[encoder]: ":".join(words)}


def hdr_levels(frame: av.VideoFrame) -> HdrLevels | None:
    """What a decoded frame says; None if it says nothing."""
    mastering = light = None
    found = side_data(frame)
    if data := found.get("MASTERING_DISPLAY_METADATA"):
        numbers = struct.unpack_from("=22i", data)
        if all(numbers[1:20:2]) and all(numbers[20:]):
            mastering = tuple(Fraction(a, b) for a, b in zip(numbers[:20:2], numbers[1:20:2], strict=True))
    if data := found.get("CONTENT_LIGHT_LEVEL"):
        brightest, average = struct.unpack_from("=2I", data)
        light = (brightest, average)
    return HdrLevels(mastering, light) if mastering or light else None


def _pair(first: Fraction, second: Fraction, whole: bool) -> str:
    if whole:
        return f"({round(first)},{round(second)})"
    return f"({float(first):.6f},{float(second):.6f})"
