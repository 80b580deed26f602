"""How long painting a whole clip will take, by the pace of its first look."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from vidstyle.errors import VidstyleError
from vidstyle.methods.registry import method
from vidstyle.options.learning import FastOptions
from vidstyle.pipeline.frames import frame_range
from vidstyle.studio.looks import small
from vidstyle.studio.requests import Asked
from vidstyle.video.clip import Clip

_BUNDLED_SHARE = 0.4  # of the time of a step with VGG-19
_START_SECONDS = 5.0  # of any process
_QUICK_SECONDS = 0.35  # that a frame of a million pixels takes with a look, all that is around it included


@dataclass(frozen=True)
class Way:
    """One way to paint it. size: longest side in pixels; chosen: whether it is what the form asks for."""

    name: str
    seconds: float
    size: int
    chosen: bool


def ways(asked: Asked, clip: Clip | None, look_seconds: float) -> list[Way]:
    """The ways that there are, each with about the seconds that it takes.

    clip: that is to be painted, if it is one. look_seconds: that painting the first look has taken.
    """
    own, taught = asked.options[0], asked.options[3] if len(asked.options) > 3 else None
    paints = method(asked.method)
    frames = _frames(asked, clip)
    fast = isinstance(taught, FastOptions) and taught.fast

    def quickly(size: tuple[int, int]) -> float:
        return _QUICK_SECONDS * size[0] * size[1] / 1e6 * frames

    found = []
    for quality in _qualities(own):
        each = replace(own, quality=quality) if quality else own
        size = _size(asked, each, clip)
        seconds = quickly(size) if paints.quick else _pace(asked, each, size, look_seconds).of(frames)
        chosen = not fast and getattr(own, "quality", "") == quality
        found.append(Way(quality, _START_SECONDS + seconds, max(size), chosen))
    if isinstance(taught, FastOptions) and clip is not None and clip.kind != "still":
        size = _size(asked, own, clip)
        found.insert(0, Way("fast", taught.seconds + quickly(size), max(size), fast))
    return found


def _qualities(own: Any) -> tuple[str, ...]:
    spec = next((spec for spec in fields(own) if spec.name == "quality"), None)
    return spec.metadata["choices"] if spec else ("",)


def _pace(asked: Asked, own: Any, size: tuple[int, int], look_seconds: float) -> Any:
    """Seconds that frames of this size take, as `Work`: by the work that they are, beside the look's."""
    paints, looked = method(asked.method), small(asked, asked.source)
    if asked.source is None:
        tiny = looked.options[0].width, looked.options[0].height
    else:
        scale = looked.options[1].size / max(size)
        tiny = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    each = look_seconds / paints.work(looked.options[0], *tiny).first
    # Unless other features were asked for, the look was painted with the bundled ones.
    heavier = (
        paints.uses_features and getattr(asked.options[1], "features", "") == "auto" and not own.is_draft
    )
    each *= getattr(asked.options[1], "passes", 1) / (_BUNDLED_SHARE if heavier else 1.0)
    work = paints.work(own, *size)
    return replace(work, first=each * work.first, later=each * work.later)


def _size(asked: Asked, own: Any, clip: Clip | None) -> tuple[int, int]:
    """Width and height of the result in pixels."""
    if clip is None:
        return own.width, own.height
    longest = max(clip.width, clip.height)
    scale = (asked.options[1].size or method(asked.method).longest(own, clip)) / longest
    return max(1, round(clip.width * scale)), max(1, round(clip.height * scale))


def _frames(asked: Asked, clip: Clip | None) -> int:
    if clip is None:
        return int(asked.options[0].frames)
    count = clip.frame_count or 1
    try:
        start, stop = frame_range(asked.options[1].frames, clip)
    except VidstyleError:
        return count
    return max(1, min(count, count if stop is None else stop) - start)
