"""How the losses of a frame fell, as lines of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from vidstyle.events import FrameLosses, SearchLosses

_COLUMNS = 24  # of a curve
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-=+*#@"  # for terminals that have no blocks


def loss_lines(event: FrameLosses, blocks: bool = True) -> list[str]:
    """A line for the frame, and one for every term of every search: its first and last value, and a curve.

    The curve is of the logarithm: from the first step to the last, between the least and the most. blocks:
    whether it may be drawn with characters beyond ASCII.
    """
    number = f", pass {event.pass_number}" if event.pass_number > 1 else ""
    final = "".join(f", {name} {value:.4g}" for name, value in event.losses.items())
    lines = [f"frame {event.frame}, shot {event.shot + 1}{number}: {_count(event.steps)}{final}"]
    for search in event.searches:
        lines += _search_lines(search, _BLOCKS if blocks else _PLAIN)
    return lines


def _search_lines(search: SearchLosses, characters: str) -> list[str]:
    steps = max(map(len, search.losses.values()), default=0)
    head = f"{search.width}x{search.height}, {_count(steps)}"
    wide = max(map(len, search.losses), default=0)
    lines = []
    for name, values in search.losses.items():
        numbers = f"{values[0]:>10.4g} to {values[-1]:<10.4g}"
        lines.append(f"  {head:<22}{name:<{wide}}{numbers}  {curve(values, _COLUMNS, characters)}")
        head = ""
    return lines


def curve(values: Sequence[float], columns: int, characters: str = _BLOCKS) -> str:
    """Values as a row of at most `columns` characters, the lowest first, by their logarithms.

    Each shows the mean of its part of the values; what is not positive, or not finite, counts as the least.
    """
    positive = [value for value in values if 0 < value < math.inf]
    least = min(positive, default=1.0)
    logs = [math.log(value if 0 < value < math.inf else least) for value in values]
    count = min(columns, len(logs))
    edges = [round(i * len(logs) / count) for i in range(count + 1)]
    means = [sum(logs[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    scale = (len(characters) - 1) / (high - low) if high > low else 0.0
    return "".join(characters[round((mean - low) * scale)] for mean in means)


def _count(steps: int) -> str:
    return f"{steps} step" if steps == 1 else f"{steps} steps"
