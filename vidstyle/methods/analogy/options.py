"""Settings of Deep Image Analogy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vidstyle.options.base import Command, MethodOptions, Pictures, file_option, option
from vidstyle.options.run import RunOptions


@dataclass(frozen=True, kw_only=True)
class AnalogyOptions(MethodOptions):
    """How a frame is painted by Deep Image Analogy (Liao et al. 2017)."""

    balance: str = option(
        "balanced",
        "What is kept of the frame's own structure, level by level: style keeps least, structure most.",
        choices=("style", "balanced", "structure"),
        often=True,
    )
    levels: int | None = option(
        None,
        "Levels of the search, 3 to 5, one per block of the network; more match larger parts. As many as the "
        "features reach if not given.",
        minimum=3,
        maximum=5,
    )
    steepness: float = option(
        300.0, "How sharply kept structure is told from what gives way: k of the blend.", minimum=0
    )
    threshold: float = option(
        0.05,
        "Above which response structure is kept, relative to the strongest: tau of the blend.",
        minimum=0,
    )
    route: str = option(
        "deconvolve",
        "From level to level: deconvolve searches the finer features that give the matched coarser ones; "
        "warp takes them as matched, much faster.",
        choices=("deconvolve", "warp"),
        often=True,
    )
    steps: int = option(40, "Steps of each deconvolution.", minimum=1)
    sweeps: int = option(4, "How often matches are improved at each level.", minimum=1)
    randomness: float = option(
        1.0, "How far around its match a place looks for better ones; 1 is as published.", minimum=0
    )
    one_way: bool = option(
        False, "Match the frame with the exemplar only, not the other way: half the time and memory."
    )
    refine: bool = option(
        False,
        "Photo to photo: keep the frame's own detail, take only what is smooth from the result.",
        often=True,
    )
    color_only: bool = option(
        False, "Match by brightness and take only colour: colourises grey footage from a colour exemplar."
    )
    temporal_weight: float = option(
        1.0, "How closely a frame keeps to the one before, along the flow.", minimum=0
    )
    independent: bool = option(False, "Paint every frame on its own: the flickering baseline.")
    match_size: int | None = option(
        None,
        "Longest side in pixels at which frames are matched; full-size pixels are voted through the matches. "
        "By the memory of the machine if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    save_fields: str | None = file_option(
        None,
        "Write the matches of every frame into DIR: as .npz and .flo files and as pictures, and B, which has "
        "the exemplar's structure and the look of the frame.",
        metavar="DIR",
        role="written",
    )

    longest: ClassVar[int] = 700


COMMAND = Command(
    AnalogyOptions,
    RunOptions,
    "Paint INPUT from patches of EXEMPLAR that show what is like it (Deep Image Analogy).",
    "Analogy",
    Pictures("EXEMPLAR", "A picture that shows what is like INPUT.", most=1),
    presets={
        "colorize": (
            "Colour a grey INPUT as things like those in it usually are, by EXEMPLAR, or by key frames.",
            {"color_only": True},
        )
    },
)
