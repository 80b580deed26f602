"""Saying that a run will take long, and at which size it would not."""

from __future__ import annotations

from vidstyle.pipeline.canvas import Canvas
from vidstyle.text import duration

_LONG_SECONDS = 30 * 60
_BEARABLE_SECONDS = 20 * 60
_LEAST_SIZE = 128


def warning(canvas: Canvas, seconds: float, left: int) -> str | None:
    """A line for the user if the frames that are left take over half an hour, at these seconds each."""
    seconds *= left
    if seconds < _LONG_SECONDS:
        return None
    line = f"this will take about {duration(seconds)} more on {canvas.device.type}"
    longest = max(canvas.size)
    smaller = int(longest * (_BEARABLE_SECONDS / seconds) ** 0.5) // 16 * 16
    if smaller >= _LEAST_SIZE:
        return f"{line}; --size {smaller} would take about {duration(seconds * (smaller / longest) ** 2)}"
    return f"{line}; a smaller --size, --quality draft or fewer --frames make it shorter"
