"""What there is to choose of a run in which every frame is made from its neighbours alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vidstyle.options.base import Checked, as_in
from vidstyle.options.run import RunOptions


@dataclass(frozen=True, kw_only=True)
class NeighbourRunOptions(Checked):
    """Of `RunOptions` that which such methods share."""

    size: int | None = as_in(RunOptions, "size")
    frames: str | None = as_in(RunOptions, "frames")
    seed: int = as_in(RunOptions, "seed")
    device: str = as_in(RunOptions, "device")
    flow: str = as_in(RunOptions, "flow")
    flow_size: int | None = as_in(RunOptions, "flow_size")
    flow_weights: str | None = as_in(RunOptions, "flow_weights")
    flow_dir: str | None = as_in(RunOptions, "flow_dir")
    trust_dilate: int = as_in(RunOptions, "trust_dilate")
    trust_soften: int = as_in(RunOptions, "trust_soften")
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
