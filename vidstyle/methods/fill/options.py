"""Settings of filling."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vidstyle.options import RunOptions
from vidstyle.options.base import Checked, Command, MethodOptions, Pictures, as_in, file_option, option


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


@dataclass(frozen=True, kw_only=True)
class FillRunOptions(Checked):
    """What of `RunOptions` there is to choose: every frame is filled after its neighbours."""

    size: int | None = as_in(RunOptions, "size")
    frames: str | None = as_in(RunOptions, "frames")
    seed: int = as_in(RunOptions, "seed")
    device: str = as_in(RunOptions, "device")
    flow: str = as_in(RunOptions, "flow")
    flow_size: int | None = as_in(RunOptions, "flow_size")
    flow_weights: str | None = as_in(RunOptions, "flow_weights")
    flow_dir: str | None = as_in(RunOptions, "flow_dir")
    cuts: bool = as_in(RunOptions, "cuts")
    cut: tuple[int, ...] = as_in(RunOptions, "cut")
    damaged: str = as_in(RunOptions, "damaged")
    deinterlace: str = as_in(RunOptions, "deinterlace")
    job: str | None = as_in(RunOptions, "job")
    overwrite: bool = as_in(RunOptions, "overwrite")
    restart: bool = as_in(RunOptions, "restart")
    keep: bool = as_in(RunOptions, "keep")

    def for_run(self) -> RunOptions:
        """The same for the pipeline."""
        return RunOptions(history=(1,), **asdict(self))


COMMAND = Command(
    FillOptions,
    FillRunOptions,
    "Fill holes in INPUT: what is white in --mask is taken out, and what is behind put in its place.",
    "Filling",
    Pictures(least=0, most=0),
)
