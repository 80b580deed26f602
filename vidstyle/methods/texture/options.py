"""Settings of texture synthesis."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import ClassVar

from vidstyle.errors import UsageError
from vidstyle.options.base import Checked, Command, as_in, option
from vidstyle.options.guidance import GuidanceOptions
from vidstyle.options.losses import StyleLossOptions
from vidstyle.options.run import RunOptions
from vidstyle.options.shared import SharedOptions

_LEAST, _MOST = 16, 16384
_USUAL = "256x256"


@dataclass(frozen=True, kw_only=True)
class TextureOptions(GuidanceOptions, StyleLossOptions):
    """How a texture is made (Gatys, Ecker & Bethge 2015): the style term alone, from noise."""

    size: str | None = option(
        None,
        "Width and height in pixels; N is NxN. That of --labels if not given, or 256x256.",
        metavar="WxH",
        often=True,
    )
    tile: bool = option(
        False, "Let opposite borders fit, so that copies side by side show no seam.", often=True
    )
    frames: int = option(
        1,
        "Frames of a video texture: it drifts and changes, and its end flows into its start.",
        minimum=1,
        often=True,
    )
    motion: float = option(1.0, "Pixels that a video texture drifts per frame, on average.", minimum=0)
    quality: str = as_in(SharedOptions, "quality", "Iterations: draft is for a first look.")
    style_size: int = option(
        512,
        "Longest side in pixels that style pictures are reduced to: less for a finer pattern.",
        minimum=16,
        metavar="PIXELS",
        often=True,
    )
    blend: tuple[float, ...] = as_in(SharedOptions, "blend")
    tv_weight: float = as_in(SharedOptions, "tv_weight")
    temporal_weight: float = as_in(SharedOptions, "temporal_weight")
    steps: int | None = option(
        None, "Steps at the full size for the first frame; by --quality if not given.", minimum=1
    )
    next_steps: int | None = as_in(SharedOptions, "next_steps")
    save_every: int | None = as_in(SharedOptions, "save_every")

    longest: ClassVar[int] = _MOST

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(_LEAST <= side <= _MOST for side in (self.width, self.height)):
            raise UsageError(f"--size takes sides of {_LEAST} to {_MOST} pixels, not {self.size!r}")

    @property
    def width(self) -> int:
        """In pixels."""
        return self._sides[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self._sides[1]

    @property
    def _sides(self) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{1,6})(?:x(\d{1,6}))?", self.size or _USUAL)
        if not match:
            raise UsageError(f"--size takes WIDTHxHEIGHT, such as 512x256, not {self.size!r}")
        return int(match[1]), int(match[2] or match[1])


@dataclass(frozen=True, kw_only=True)
class TextureRunOptions(Checked):
    """What of `RunOptions` there is to choose where no clip is painted."""

    seed: int = as_in(RunOptions, "seed")
    device: str = as_in(RunOptions, "device")
    precision: str = as_in(RunOptions, "precision")
    features: str = as_in(RunOptions, "features")
    job: str | None = as_in(RunOptions, "job")
    overwrite: bool = as_in(RunOptions, "overwrite")
    restart: bool = as_in(RunOptions, "restart")
    keep: bool = as_in(RunOptions, "keep")

    def for_run(self) -> RunOptions:
        """The same for the pipeline: a frame keeps to the one before, and there are no cuts."""
        return RunOptions(cuts=False, history=(1,), **asdict(self))


COMMAND = Command(
    TextureOptions,
    TextureRunOptions,
    "Make a texture of any size that looks like one or more pictures; with --frames it moves and loops.",
    "Texture",
    source=False,
)
