"""How long painting a whole clip will take, by the pace of its first look."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from vidstyle.errors import VidstyleError
from vidstyle.methods.registry import method
from vidstyle.pipeline.frames import frame_range
from vidstyle.studio.frames import Shown
from vidstyle.studio.looks import small
from vidstyle.studio.requests import Asked
from vidstyle.video.reader import open_clip

_BUNDLED_SHARE = 0.4  # of the time of a step with VGG-19
_START_SECONDS = 5.0  # of any process
_QUICK_SECONDS = 0.35  # that a frame of a million pixels takes with a look, all that is around it included


@dataclass(frozen=True)
class Way:
    """One way to paint it. option: what it is on the command line; chosen: whether the form asks for it."""

    name: str
    seconds: float
    size: int
    chosen: bool


def ways(asked: Asked, shown: Shown | None, look_seconds: float) -> list[Way]:
    """The ways that there are, each with about the seconds that it takes.

    look_seconds: that painting the first look has taken.
    """
    own, taught = asked.options[0], asked.options[3] if len(asked.options) > 3 else None
    frames = _frames(asked, shown)
    fast = bool(taught is not None and taught.fast)
    quick = method(asked.method).quick
    found = []
    for quality in _qualities(own):
        each = replace(own, quality=quality) if quality else own
        wide, high = _size(asked, each, shown)
        seconds = (
            _QUICK_SECONDS * wide * high / 1e6 * frames
            if quick
            else _painting(asked, each, wide, high, frames, look_seconds)
        )
        chosen = not fast and getattr(own, "quality", "") == quality
        found.append(Way(quality, _START_SECONDS + seconds, max(wide, high), chosen))
    if taught is not None and shown is not None and not shown.is_still and not quick:
        wide, high = _size(asked, own, shown)
        pace = _QUICK_SECONDS * wide * high / 1e6 * frames
        found.insert(0, Way("fast", taught.seconds + pace, max(wide, high), fast))
    return found


def _qualities(own: Any) -> tuple[str, ...]:
    spec = next((spec for spec in fields(own) if spec.name == "quality"), None)
    return spec.metadata["choices"] if spec else ("",)


def _painting(asked: Asked, own: Any, wide: int, high: int, frames: int, look_seconds: float) -> float:
    """Seconds by the work that it is, compared with that of the look."""
    paints = method(asked.method)
    looked = small(asked, asked.source)
    scale = 1.0
    if asked.source is None:
        small_wide, small_high = looked.options[0].width, looked.options[0].height
    else:
        scale = looked.options[1].size / max(wide, high)
        small_wide, small_high = max(1, round(wide * scale)), max(1, round(high * scale))
    pace = look_seconds / paints.work(looked.options[0], small_wide, small_high).of(1)
    features = asked.options[1].features
    slower = 1.0 if features == "bundled" or own.is_draft or not paints.uses_features else 1 / _BUNDLED_SHARE
    if features != "auto":
        slower = 1.0  # the look was painted by them as well
    passes = getattr(asked.options[1], "passes", 1)
    return pace * slower * passes * paints.work(own, wide, high).of(frames)


def _size(asked: Asked, own: Any, shown: Shown | None) -> tuple[int, int]:
    """Width and height of the result in pixels."""
    if shown is None or asked.source is None:
        return own.width, own.height
    longest = max(shown.width, shown.height)
    wanted = asked.options[1].size or min(longest, own.longest)
    return max(1, round(shown.width * wanted / longest)), max(1, round(shown.height * wanted / longest))


def _frames(asked: Asked, shown: Shown | None) -> int:
    if asked.source is None or shown is None:
        return int(asked.options[0].frames)
    run = asked.options[1]
    if not run.frames:
        return shown.frames
    try:
        start, stop = frame_range(run.frames, open_clip(asked.source))
    except VidstyleError:
        return shown.frames
    return max(1, (shown.frames if stop is None else min(stop, shown.frames)) - start)
