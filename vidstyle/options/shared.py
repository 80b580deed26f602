"""Settings that several methods have, each with a help text of its own where that says more."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, option


@dataclass(frozen=True, kw_only=True)
class SharedOptions(Checked):
    """Fields to take over by `as_in`."""

    quality: str = option(
        "standard",
        "Sizes and iterations together: draft is for a first look, high for the final result.",
        choices=("draft", "standard", "high"),
        often=True,
    )
    blend: tuple[float, ...] = option(
        (), "Weights of several style pictures, e.g. 0.7,0.3; equal if not given.", minimum=0
    )
    tv_weight: float = option(
        1.0,
        "How strongly noise is suppressed: steps between pixels, and finer grain than the style's.",
        minimum=0,
    )
    temporal_weight: float = option(
        1.0,
        "How closely a frame keeps to the one before, along the flow, and what is new to its kind's colours.",
        minimum=0,
    )
    next_steps: int | None = option(
        None, "Steps at the full size for the frames after it; by --quality if not given.", minimum=1
    )
    save_every: int | None = option(
        None,
        "Of a still: every N steps write the picture as it is beside the result, as OUT_0050.png and so on.",
        minimum=1,
        metavar="N",
        role="written",
    )
