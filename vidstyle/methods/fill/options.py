"""Settings of filling."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import Command, MethodOptions, Pictures, file_option, option
from vidstyle.options.neighbours import NeighbourRunOptions


@dataclass(frozen=True, kw_only=True)
class FillOptions(MethodOptions):
    """What is filled, and how."""

    hole: str | None = file_option(
        None,
        "What is white in it is filled: a picture, which follows what it covers in the first frame of a "
        "clip; one for every frame (a folder, a pattern or a video); or a folder of some, numbered by their "
        "frames, each of which follows until the next one.",
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
        "What no frame shows is put together from patches of what is around it; or taken from the picture of "
        "--library that fits best, for a still; or smoothed over: a baseline, for what is small.",
        choices=("patches", "library", "diffusion"),
    )
    feature_weight: float = option(
        0.5,
        "How much what a network sees at a place counts beside its colours when patches are compared; 0 for "
        "colours alone.",
        minimum=0,
    )
    library: str | None = file_option(
        None,
        "Your own pictures, in a folder and those in it: other shots of the same place do best. What they "
        "look like is kept for the next time.",
        metavar="FOLDER",
    )
    candidates: int = option(
        0,
        "With --library: write as many of the best fillings, numbered, as one sheet beside the result, "
        "OUT_candidates.",
        minimum=0,
        maximum=20,
        role="free",
    )
    choose: int = option(
        1, "With --library: take this one of the candidates, by its number.", minimum=1, maximum=20
    )
    grow: int = option(
        3, "Pixels of the result by which the mask is grown: edges are seldom cut clean.", minimum=0
    )
    sources: bool = option(True, "In a clip, take from other frames what they show of what is behind.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.by == "library" and self.library is None:
            raise UsageError("--by library takes what is missing from your pictures: give --library FOLDER")
        if self.by != "patches" and self.feature_weight != FillOptions.feature_weight:
            raise UsageError(f"--feature-weight is for --by patches, not --by {self.by}; leave it out")
        if self.by != "library" and (self.library or self.candidates or self.choose != 1):
            raise UsageError("--library, --candidates and --choose go with --by library")


COMMAND = Command(
    FillOptions,
    NeighbourRunOptions,
    "Fill holes in INPUT: what is white in --mask is taken out, and what is behind put in its place.",
    "Filling",
    Pictures(least=0, most=0),
)
