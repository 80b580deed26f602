"""Settings of filling."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Command, MethodOptions, Pictures, file_option, option
from vidstyle.options.neighbours import NeighbourRunOptions


@dataclass(frozen=True, kw_only=True)
class FillOptions(MethodOptions):
    """What is filled, and how."""

    hole: str | None = file_option(
        None,
        "What is white in it is filled: a picture, which follows what it covers in the first frame of a "
        "clip, or one for every frame (a folder, a pattern or a video).",
        metavar="MASK",
        called="--mask",
        often=True,
    )
    follow: bool = option(
        True,
        "Let a single mask follow what it covers; --no-follow for what stays where it is, such as a logo.",
    )
    by: str = option(
        "patches",
        "What no frame shows is put together from patches of what is around it, or is smoothed over: a "
        "baseline, for what is small.",
        choices=("patches", "diffusion"),
    )
    grow: int = option(
        3, "Pixels of the result by which the mask is grown: edges are seldom cut clean.", minimum=0
    )
    sources: bool = option(True, "In a clip, take from other frames what they show of what is behind.")


COMMAND = Command(
    FillOptions,
    NeighbourRunOptions,
    "Fill holes in INPUT: what is white in --mask is taken out, and what is behind put in its place.",
    "Filling",
    Pictures(least=0, most=0),
)
