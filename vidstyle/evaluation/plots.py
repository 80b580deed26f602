"""Plots of an evaluation as SVG for a page, and heat maps. The only place that imports matplotlib.

Colours are names of CSS variables, so that one drawing suits light and dark screens.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vidstyle.evaluation.measures import CONTRAST, ClipMeasures, Evaluation, error_name
from vidstyle.evaluation.table import LEVELS, MILLI, PER_CENT

HEAT = "inferno"
_NOTHING = "#7f7f7f"  # heat map: nothing can be compared
_WIDTH, _HEIGHT = 5.4, 2.9  # inches of 72 CSS pixels
# Stand-ins that matplotlib takes for colours, and what the page puts in their place.
_INK, _GRID = "#010203", "#010204"
_SERIES = tuple(f"#01020{digit}" for digit in "56789ab")  # as many as page.css has
_VARIABLES = {
    _INK: "var(--ink)",
    _GRID: "var(--grid)",
    **{stand_in: f"var(--series-{at})" for at, stand_in in enumerate(_SERIES)},
}
SERIES = len(_SERIES)
# Inside a page a drawing needs no name spaces, takes its width and its fonts from there, and shares no names.
_CLEANINGS = (
    (r' xmlns(:\w+)?="[^"]*"', ""),
    (r"xlink:href", "href"),
    (r'(?<=<svg)([^>]*?) (width|height)="[^"]*"', r"\1"),
    (r'(?<=<svg)([^>]*?) (width|height)="[^"]*"', r"\1"),
    (r"font-family: [^;\"]*; ?", ""),
    (r'<g id="[^"]*"', "<g"),
    (r"<style[^>]*>[^<]*</style>", ""),
)
_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "lines.linewidth": 1.5,
    "figure.constrained_layout.use": True,
}

Values = Callable[[ClipMeasures], Sequence[float | None]]


@dataclass(frozen=True)
class Plot:
    """A drawing for a page: inline SVG without references. caption: how to read it."""

    title: str
    caption: str
    svg: str


def plots(evaluation: Evaluation) -> list[Plot]:
    """Every measure over time for all clips, and the flicker spectrum."""
    found = [
        _error_plot(evaluation, "lai", 1, "to the next frame"),
        _error_plot(evaluation, "lai", 10, "10 frames on"),
        _contrast_plot(evaluation, 1, "to the next frame"),
        _contrast_plot(evaluation, 10, "10 frames on"),
        _spectrum_plot(evaluation),
        _over_time(
            evaluation,
            "Style loss",
            "of the style's energy",
            "How far the Gram matrices are from the style's; 0 is a match. The original is far off: see the "
            "table.",
            lambda clip: clip.frames.style_loss,
            with_original=False,
        ),
        _over_time(
            evaluation,
            "Content loss",
            "of the content's energy",
            "How far the features are from the original frame's; 0 for the original itself.",
            lambda clip: clip.frames.content_loss,
            with_original=False,
        ),
        *(_colour_plot(evaluation, channel) for channel in range(3)),
        _over_time(
            evaluation,
            "Gradient energy",
            "10⁻³, full scale 1",
            "Sharpness: falls when a clip blurs from frame to frame.",
            lambda clip: [value * MILLI for value in clip.frames.gradient_energy],
        ),
        _error_plot(evaluation, "ruder", 1, "to the next frame, over all pixels"),
        _error_plot(evaluation, "ruder", 10, "10 frames on, over all pixels"),
    ]
    return [plot for plot in found if plot is not None]


def heat_map(change: np.ndarray, highest: float) -> np.ndarray:
    """Colours uint8 (3, H, W) for float (H, W) from 0 to `highest`; grey where it is not a number."""
    shares = np.nan_to_num(change / highest if highest else change)
    colours = (colormaps[HEAT](shares.clip(0, 1))[..., :3] * 255).round().astype(np.uint8)
    colours[np.isnan(change)] = [int(_NOTHING[at : at + 2], 16) for at in (1, 3, 5)]
    return np.ascontiguousarray(colours.transpose(2, 0, 1))


def heat_stops() -> list[str]:
    """The colours of the heat map from 0 to its highest value, as #rrggbb."""
    colours = (colormaps[HEAT](np.linspace(0, 1, 9))[:, :3] * 255).round().astype(int)
    return ["#" + "".join(f"{value:02x}" for value in colour) for colour in colours]


def _error_plot(evaluation: Evaluation, normalisation: str, interval: int, where: str) -> Plot | None:
    over = {"lai": "over trusted pixels, Lai 2018", "ruder": "over all pixels, Ruder 2016"}[normalisation]
    return _over_time(
        evaluation,
        f"Warping error {where}",
        "10⁻³, full scale 1",
        f"Mean squared change along the motion of the original ({over}). "
        "The original's own line is the floor.",
        _errors(normalisation, interval, MILLI),
    )


def _contrast_plot(evaluation: Evaluation, interval: int, where: str) -> Plot | None:
    return _over_time(
        evaluation,
        f"Warping error by contrast {where}",
        "% of the gradient energy",
        "The warping error over trusted pixels, divided by the clip's own gradient energy over the same "
        "pixels, so that stronger strokes do not raise it. Peaks where a frame is nearly plain.",
        _errors(CONTRAST, interval, PER_CENT),
    )


def _errors(normalisation: str, interval: int, scale: int) -> Values:
    name = error_name(normalisation, interval)
    return lambda clip: [None if e is None else e * scale for e in clip.frames.warping_error[name]]


def _colour_plot(evaluation: Evaluation, channel: int) -> Plot | None:
    return _over_time(
        evaluation,
        f"Mean colour: {('red', 'green', 'blue')[channel]}",
        "levels of 255",
        "A painted clip should rise and fall with the original; a slope of its own is drift.",
        lambda clip: [colour[channel] * LEVELS for colour in clip.frames.mean_colour],
        from_zero=False,
    )


def _over_time(
    evaluation: Evaluation,
    title: str,
    unit: str,
    caption: str,
    values: Values,
    *,
    from_zero: bool = True,
    with_original: bool = True,
) -> Plot | None:
    """A line per clip, with gaps at frames without a value; None where there is nothing to draw."""
    clips = [(at, clip) for at, clip in enumerate(evaluation.clips) if at or with_original]
    lines = [(at, [math.nan if v is None else v for v in values(clip)]) for at, clip in clips]
    if all(math.isnan(value) for _, line in lines for value in line):
        return None

    def draw(axes: Axes) -> None:
        times = range(evaluation.start, evaluation.stop)
        for at, line in lines:
            dots: dict[str, Any] = {"marker": "o", "markersize": 3} if len(line) <= 12 else {}
            axes.plot(times, line, **_look(at), **dots)
        for start in evaluation.shots[1:]:
            axes.axvline(start - 0.5, color=_INK, linewidth=0.8, linestyle=(0, (2, 3)))
        axes.set_xlabel("frame of the original" + (" (dotted: cuts)" if evaluation.shots[1:] else ""))
        axes.set_ylabel(unit)
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
        axes.set_xlim(evaluation.start - 0.5, evaluation.stop - 0.5)
        if from_zero:
            axes.set_ylim(bottom=0)

    return Plot(title, caption, _svg(title + unit + caption, draw))


def _spectrum_plot(evaluation: Evaluation) -> Plot | None:
    if all(clip.spectrum is None for clip in evaluation.clips):
        return None

    def draw(axes: Axes) -> None:
        for at, clip in enumerate(evaluation.clips):
            if clip.spectrum:
                levels = [math.sqrt(power) * LEVELS for power in clip.spectrum.power]
                axes.plot(clip.spectrum.frequencies, levels, **_look(at))
        axes.set_xlabel("frequency, Hz")
        axes.set_ylabel("levels of 255")
        axes.set_xlim(0, 1.02 * max(c.spectrum.frequencies[-1] for c in evaluation.clips if c.spectrum))
        axes.set_ylim(bottom=0)

    caption = (
        "How fast the brightness changes along the motion: slow drift lies on the left, a change back and "
        "forth with every frame at the right end."
    )
    return Plot("Flicker spectrum", caption, _svg("spectrum", draw))


def _look(at: int) -> dict[str, Any]:
    """The original dashed, under the painted clips, whose colours start again after the last."""
    if at == 0:
        return {"color": _SERIES[0], "linestyle": (0, (4, 2)), "zorder": 2}
    return {"color": _SERIES[1 + (at - 1) % (SERIES - 1)], "zorder": 3}


def _svg(name: str, draw: Callable[[Axes], None]) -> str:
    """What `draw` draws, for use inside a page. name: makes its inner names differ from other drawings'."""
    file = io.StringIO()
    settings: Any = {**_STYLE, "svg.hashsalt": name}
    with rc_context(settings):
        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        draw(axes)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    drawing = file.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    for pattern, replacement in _CLEANINGS:
        drawing = re.sub(pattern, replacement, drawing)
    for stand_in, variable in _VARIABLES.items():
        drawing = drawing.replace(stand_in, variable)
    return drawing
