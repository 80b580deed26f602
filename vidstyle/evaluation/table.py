"""The figures of an evaluation in words: rows for a terminal and for a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from vidstyle.evaluation.measures import CONTRAST, ClipMeasures, Evaluation, Totals, error_name

ABSENT = "–"
LEVELS = 255
MILLI = 1000
PER_CENT = 100

HOW_TO_READ = (
    "No temporal measure means anything alone: a clip that returns its input unchanged follows the motion "
    "perfectly. Read the warping error beside its floor, which is what the original has under the same flow "
    "(1 × the original's is as steady as the filmed scene, less is smoother than it), and beside the style "
    "loss, which says whether the clip was painted at all. The error grows with the contrast of the "
    "strokes; in the rows by contrast it is divided by the gradient energy of the same pixels, so that "
    "strong and faint strokes compare."
)


@dataclass(frozen=True)
class Row:
    """A measure. cells: one for each of `Evaluation.clips`. unit: or what it is relative to, or "".

    group: the title above this row and those after it, on the first row of a group; else "".
    """

    label: str
    unit: str
    cells: list[str]
    group: str = ""


def rows(evaluation: Evaluation) -> list[Row]:
    """All measures, the warping error's floor and the style loss next to it."""
    every = [
        _row("warping error, next frame", "10⁻³", _error("lai", 1), group="Steadiness (lower is steadier)"),
        _row("… relative to the original", "×", _ratio("lai", 1)),
        _row("warping error, 10 frames on", "10⁻³", _error("lai", 10)),
        _row("… relative to the original", "×", _ratio("lai", 10)),
        _row("… by contrast, next frame", "%", _error(CONTRAST, 1, PER_CENT)),
        _row("… relative to the original", "×", _ratio(CONTRAST, 1)),
        _row("… by contrast, 10 frames on", "%", _error(CONTRAST, 10, PER_CENT)),
        _row("… relative to the original", "×", _ratio(CONTRAST, 10)),
        _row("… over all pixels, next frame", "10⁻³", _error("ruder", 1)),
        _row("… over all pixels, 10 frames on", "10⁻³", _error("ruder", 10)),
        _row(_flicker_label(evaluation), "levels", lambda t: _number(t.flicker, LEVELS)),
        _row(
            "style loss",
            "0 = match",
            lambda t: _number(t.style_loss),
            group="Likeness (lower is closer)",
        ),
        _row("content loss", "0 = match", lambda t: _number(t.content_loss)),
        _row(
            "brightness",
            "levels",
            lambda t: _number(t.brightness_drift, LEVELS, signed=True),
            group="Drift, first to last frame",
        ),
        _row("colour", "levels", lambda t: _number(t.colour_drift, LEVELS)),
        _row("sharpness (gradient energy)", "%", lambda t: _number(t.sharpness_drift, PER_CENT, signed=True)),
    ]
    return [make(evaluation) for make in every]


def summary(evaluation: Evaluation) -> str:
    """What was compared, in a line."""
    count = evaluation.stop - evaluation.start
    facts = [
        f"frames {evaluation.start} to {evaluation.stop - 1} ({count})" if count > 1 else "1 frame",
        f"{evaluation.width}x{evaluation.height}",
        f"{len(evaluation.shots)} shot" + "s" * (len(evaluation.shots) != 1),
        f"flow {evaluation.flow}",
        f"features {evaluation.features}",
    ]
    return ", ".join(facts)


def remark(evaluation: Evaluation) -> str:
    """What is missing from the table, or ""."""
    return (
        "" if evaluation.styles else "The style loss was not measured: give the style picture with --style."
    )


def significant(value: float) -> str:
    """123, 12.3, 0.00123: three digits, never an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else ABSENT
    decimals = min(9, max(0, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:.{decimals}f}"


def _row(
    label: str, unit: str, cell: Callable[[Totals], str], group: str = ""
) -> Callable[[Evaluation], Row]:
    def make(evaluation: Evaluation) -> Row:
        clips: list[ClipMeasures] = evaluation.clips
        return Row(label, unit, [cell(clip.totals) for clip in clips], group)

    return make


def _error(normalisation: str, interval: int, scale: int = MILLI) -> Callable[[Totals], str]:
    name = error_name(normalisation, interval)
    return lambda totals: _number(totals.warping_error[name], scale)


def _ratio(normalisation: str, interval: int) -> Callable[[Totals], str]:
    return lambda totals: _number(totals.ratio[error_name(normalisation, interval)])


def _flicker_label(evaluation: Evaluation) -> str:
    if evaluation.frame_rate is None:
        return "flicker"
    return f"flicker, {significant(evaluation.frame_rate / 4)} Hz and faster"


def _number(value: float | None, scale: float = 1.0, *, signed: bool = False) -> str:
    if value is None:
        return ABSENT
    text = significant(value * scale)
    return f"+{text}" if signed and value > 0 else text.replace("-", "−")
