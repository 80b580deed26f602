"""Saying beforehand that a run will take long, and at which size it would not."""

from __future__ import annotations

from vidstyle.image.resize import fit
from vidstyle.methods.base import Method
from vidstyle.pipeline.plan import Plan
from vidstyle.text import duration

_LONG_SECONDS = 30 * 60
_BEARABLE_SECONDS = 20 * 60
_TIMED_LONGEST = 960
_LEAST_SIZE = 128
_IN_TILES = 1.5  # times what a step costs where the picture is judged whole


def warning(plan: Plan, method: Method, painted: int) -> str | None:
    """A line for the user if painting what is left will take over half an hour on this device.

    painted: frames that are done already, of all passes. Times a few steps of the method, at 960 pixels at
    most: the cost of larger frames grows with their area.
    """
    if plan.work is None:
        return None
    width, height = plan.width, plan.height
    if max(width, height) > _TIMED_LONGEST:
        width, height = fit(width, height, _TIMED_LONGEST)
    first, after = method.foretell(height, width, plan.device)
    growth = plan.width * plan.height / (width * height)
    if max(width, height) <= _tile(plan) < max(plan.width, plan.height):
        growth *= _IN_TILES
    left = max(0, plan.work - painted)
    seconds = growth * (first * (painted == 0) + after * max(0, left - (painted == 0)))
    if seconds < _LONG_SECONDS:
        return None
    line = f"this will take about {duration(seconds)} on {plan.device.type}"
    longest = max(plan.width, plan.height)
    smaller = int(longest * (_BEARABLE_SECONDS / seconds) ** 0.5) // 16 * 16
    if smaller >= _LEAST_SIZE:
        return f"{line}; --size {smaller} would take about {duration(seconds * (smaller / longest) ** 2)}"
    return f"{line}; a smaller --size, --quality draft or fewer --frames make it shorter"


def _tile(plan: Plan) -> int:
    """The side of the tiles in which frames are judged; 0 for none."""
    return getattr(plan.options, "tile_size", None) or 0
