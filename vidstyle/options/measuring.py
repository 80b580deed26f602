"""Settings of what is measured and told: flow, how steady painted clips are, the feature network."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, as_in, option
from vidstyle.options.run import RunOptions


@dataclass(frozen=True, kw_only=True)
class FlowOptions(Checked):
    """Which flow of a clip is written to files, and in which forms."""

    size: int | None = as_in(
        RunOptions, "size", "Longest side of the flow in pixels; the input's own if not given."
    )
    frames: str | None = as_in(RunOptions, "frames")
    distance: tuple[int, ...] = option(
        (1,), "How many frames apart the frames of a pair are, e.g. 1,2,4.", minimum=1, metavar="N,..."
    )
    flow: str = as_in(RunOptions, "flow")
    flow_size: int | None = as_in(RunOptions, "flow_size")
    flow_weights: str | None = as_in(RunOptions, "flow_weights")
    device: str = as_in(RunOptions, "device", "Where raft runs: auto takes a GPU where there is one.")
    cuts: bool = as_in(RunOptions, "cuts", "Find cuts; there is no flow across one.")
    cut: tuple[int, ...] = as_in(RunOptions, "cut")
    damaged: str = as_in(RunOptions, "damaged")
    deinterlace: str = as_in(RunOptions, "deinterlace")
    pictures: bool = option(True, "Write each flow as a picture, too: hue is direction, colour is speed.")
    video: bool = option(
        False, "Write DIR/preview.mp4, too: the clip, its flow to the frame before, and where that holds."
    )
    overwrite: bool = option(False, "Estimate all flow anew, replacing what DIR holds.")


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Checked):
    """What is measured, on what, and how painted clips are compared with the clip they were made from."""

    size: int | None = option(
        None,
        "Longest side in pixels at which the clips are compared; the painted clip's own if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    frames: str | None = option(
        None,
        "The frames of ORIGINAL that were painted, as --frames of style: 100:200, :50 or 100:. They are "
        "also taken from a painted clip that is as long as ORIGINAL.",
        metavar="A:B",
    )
    device: str = as_in(RunOptions, "device")
    features: str = as_in(
        RunOptions,
        "features",
        "Weights of the network by which style and content are measured, as of style; auto takes vgg19.",
    )
    # Not by the machine: figures are to be compared with those of others.
    flow: str = as_in(RunOptions, "flow", default="dis")
    cuts: bool = option(True, "Find cuts in ORIGINAL; no two frames are compared across one.")
    cut: tuple[int, ...] = as_in(RunOptions, "cut")
    deinterlace: str = as_in(RunOptions, "deinterlace", "How ORIGINAL was read, as --deinterlace of style.")
    worst: int = option(3, "How many of the worst pairs of frames of each clip are kept to show.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class FeaturesOptions(Checked):
    """Which weights of the feature network are told of."""

    features: str = as_in(RunOptions, "features")
    fetch: bool = option(False, "Fetch torchvision's VGG-19 (548 MB, once).")
