"""Every setting of a run, with its default: the one home from which the command line is derived.

Pure dataclasses without torch, so that `vidstyle --help` stays fast. Each field carries its help text and
whatever the command line needs to know about it in `metadata`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from vidstyle.errors import UsageError


def _option(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    flag: str | None = None,
    metavar: str | None = None,
) -> Any:
    """A dataclass field with what the command line shows; `choices` and `minimum` are checked when made."""
    metadata = {"help": help, "choices": choices, "minimum": minimum, "flag": flag, "metavar": metavar}
    return field(default=default, metadata=metadata)


def _check(name: str, spec: Field[Any], value: Any) -> None:
    option = "--" + name.replace("_", "-")
    choices, minimum = spec.metadata.get("choices"), spec.metadata.get("minimum")
    if value is not None and choices and value not in choices:
        raise UsageError(f"{option} must be one of {', '.join(choices)}, not {value!r}")
    for number in value if isinstance(value, tuple) else (value,):
        if minimum is None or number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= minimum:
            raise UsageError(f"{option} must be at least {minimum:g}, not {number!r}")


class _Checked:
    """Checks every field against its own `choices` and `minimum`."""

    def __post_init__(self) -> None:
        for spec in fields(self):  # type: ignore[arg-type]
            _check(spec.name, spec, getattr(self, spec.name))


_Options = TypeVar("_Options")


def from_json(kind: type[_Options], values: Mapping[str, Any]) -> _Options:
    """Options as they were stored, tuples as lists. Raises UsageError or TypeError for wrong ones."""
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


@dataclass(frozen=True, kw_only=True)
class NeuralOptions(_Checked):
    """How a frame is painted by neural style (Gatys et al. 2016; Ruder et al. 2016 for video).

    The loss is  content_weight·L_content + style_weight·L_style + tv_weight·R + temporal_weight·L_temporal;
    every term is scaled so that the default weights suit any set of features and any size.
    """

    quality: str = _option(
        "standard",
        "Sizes and iterations together: draft is for a first look, high for the final result.",
        choices=("draft", "standard", "high"),
    )
    content_weight: float = _option(1.0, "How closely the subject's shapes are kept.", minimum=0)
    style_weight: float = _option(1.0, "How strongly the style is applied.", minimum=0)
    tv_weight: float = _option(1.0, "How strongly pixel noise is suppressed.", minimum=0)
    temporal_weight: float = _option(
        1.0, "How closely a frame keeps to the one before, along the flow.", minimum=0
    )
    temporal_loss: str = _option(
        "l2",
        "Form of the temporal loss; smooth-l1 gives way sooner where the flow is wrong.",
        choices=("l2", "smooth-l1"),
    )
    temporal_from: int = _option(
        2, "With --passes: the first of the later passes that has the temporal loss.", minimum=2
    )
    style_scale: float = _option(
        1.0, "Size of the style picture relative to the frame: above 1 for larger strokes.", minimum=0.05
    )
    blend: tuple[float, ...] = _option(
        (), "Weights of several style pictures, e.g. 0.7,0.3; equal if not given.", minimum=0
    )
    color: str = _option(
        "style",
        "style: colours of the style picture; content: keep the clip's own colours (only brightness is "
        "painted); match: recolour the style picture to the clip first.",
        choices=("style", "content", "match"),
    )
    init: str = _option(
        "content",
        "Start of a shot's first frame: content, noise or a picture file.",
        metavar="content|noise|FILE",
    )
    independent: bool = _option(
        False,
        "Paint every frame on its own from noise, without any temporal term: the baseline; of several "
        "passes the first.",
    )
    content_layers: tuple[str, ...] = _option(
        (), "Content layers, e.g. relu4_2; by the features if not given."
    )
    style_layers: tuple[str, ...] = _option(
        (), "Style layers, e.g. relu1_1,relu2_1; by the features if not given."
    )
    layer_weights: tuple[float, ...] = _option(
        (), "Weights of the style layers, in their order; equal if not given.", minimum=0
    )
    pooling: str = _option(
        "average", "Pooling between the blocks of the network.", choices=("average", "max")
    )
    optimizer: str = _option(
        "auto",
        "The minimiser; auto is adam at the small sizes of a shot's first frame and lbfgs for all else.",
        choices=("auto", "adam", "lbfgs"),
    )
    steps: int | None = _option(
        None, "Steps at the full size for a shot's first frame; by --quality if not given.", minimum=1
    )
    next_steps: int | None = _option(
        None, "Steps at the full size for the frames after it; by --quality if not given.", minimum=1
    )
    tolerance: float = _option(
        1e-4,
        "Stop a frame early when the loss falls by less than this share per step; a frame that begins "
        "as the one before ended, after such a stop, is kept as it begins. 0 paints every frame in full.",
        minimum=0,
    )

    @property
    def longest(self) -> int:
        """Longest side in pixels of what is painted where --size is not given."""
        return {"draft": 480, "standard": 960, "high": 1920}[self.quality]

    @property
    def picture(self) -> str | None:
        """The picture file that these options name."""
        return None if self.init in ("content", "noise") else self.init


@dataclass(frozen=True, kw_only=True)
class AnalogyOptions(_Checked):
    """How a frame is painted by Deep Image Analogy (Liao et al. 2017)."""

    balance: str = _option(
        "balanced",
        "What is kept of the frame's own structure, level by level: style keeps least, structure most.",
        choices=("style", "balanced", "structure"),
    )
    levels: int | None = _option(
        None,
        "Levels of the search, 3 to 5, one per block of the network; more match larger parts. As many as the "
        "features reach if not given.",
        minimum=3,
    )
    steepness: float = _option(
        300.0, "How sharply kept structure is told from what gives way: k of the blend.", minimum=0
    )
    threshold: float = _option(
        0.05,
        "Above which response structure is kept, relative to the strongest: tau of the blend.",
        minimum=0,
    )
    route: str = _option(
        "deconvolve",
        "From level to level: deconvolve searches the finer features that give the matched coarser ones; "
        "warp takes them as matched, much faster.",
        choices=("deconvolve", "warp"),
    )
    steps: int = _option(40, "Steps of each deconvolution.", minimum=1)
    sweeps: int = _option(4, "How often matches are improved at each level.", minimum=1)
    randomness: float = _option(
        1.0, "How far around its match a place looks for better ones; 1 is as published.", minimum=0
    )
    one_way: bool = _option(
        False, "Match the frame with the exemplar only, not the other way: half the time and memory."
    )
    refine: bool = _option(
        False, "Photo to photo: keep the frame's own detail, take only what is smooth from the result."
    )
    color_only: bool = _option(
        False, "Match by brightness and take only colour: colourises grey footage from a colour exemplar."
    )
    temporal_weight: float = _option(
        1.0, "How closely a frame keeps to the one before, along the flow.", minimum=0
    )
    independent: bool = _option(False, "Paint every frame on its own: the flickering baseline.")
    match_size: int | None = _option(
        None,
        "Longest side in pixels at which frames are matched; full-size pixels are voted through the matches. "
        "By the memory of the machine if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    save_fields: str | None = _option(
        None,
        "Write the matches of every frame into DIR: as .npz and .flo files and as pictures, and B, which has "
        "the exemplar's structure and the look of the frame.",
        metavar="DIR",
    )

    longest: ClassVar[int] = 700
    picture: ClassVar[str | None] = None


PaintOptions = NeuralOptions | AnalogyOptions
"""Options of any painting method: each has its own dataclass."""


@dataclass(frozen=True, kw_only=True)
class RunOptions(_Checked):
    """What is painted, on what, and where the job's state is kept."""

    size: int | None = _option(
        None,
        "Longest side of the result in pixels; the input's own if not given, at most 480 (draft), 960 "
        "(standard) or 1920 (high).",
        minimum=16,
        metavar="PIXELS",
    )
    frames: str | None = _option(
        None, "Only these frames, counted from 0, the end not included: 100:200, :50 or 100:.", metavar="A:B"
    )
    seed: int = _option(0, "Seed of everything random.", minimum=0)
    device: str = _option(
        "auto", "auto takes a GPU where there is one.", choices=("auto", "cpu", "cuda", "mps")
    )
    precision: str = _option(
        "auto",
        "Arithmetic inside the network: auto takes bfloat16 where the device computes it natively.",
        choices=("auto", "float32", "bfloat16"),
    )
    features: str = _option(
        "auto",
        "Weights of the feature network: vgg19 (fetched once), bundled (ships with vidstyle) or a file; auto "
        "takes vgg19 where it can be had.",
        metavar="auto|vgg19|bundled|FILE",
    )
    # Where flow is trusted, which is all that painting uses, the more accurate estimators are better by a few
    # thousandths of a pixel (scripts/BENCHMARKS.md), at several times the cost.
    flow: str = _option(
        "dis",
        "Optical flow estimator: dis, dis-fast, farneback, deepflow, tvl1, epic, raft, raft-small or none.",
        metavar="NAME",
    )
    flow_size: int | None = _option(
        None,
        "Longest side at which flow is estimated, to be scaled up; that of the result if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    flow_weights: str | None = _option(
        None, "Weights of raft or raft-small; torchvision's, fetched once, if not given.", metavar="FILE"
    )
    flow_dir: str | None = _option(
        None,
        "Read flow from .flo files instead: a folder made by vidstyle flow, or a pattern with {target} and "
        "{source}, the numbers of the frame that the flow lies on and of the one it leads to.",
        metavar="DIR",
    )
    mask_dilate: int = _option(
        0,
        "Grow the area where flow is not trusted, and the painting not carried over.",
        minimum=0,
        metavar="PIXELS",
    )
    mask_soften: int = _option(
        0, "Let trust rise gradually from the edge of that area.", minimum=0, metavar="PIXELS"
    )
    history: tuple[int, ...] = _option(
        (1,),
        "How many frames back a frame keeps to, e.g. 1,2,4: what was hidden comes back as it was.",
        minimum=1,
    )
    passes: int = _option(
        1,
        "How often the clip is gone through, forwards and backwards by turns; borders and what comes into "
        "view late gain.",
        minimum=1,
    )
    loop: bool = _option(False, "Let the last frame flow into the first; takes at least two passes.")
    cuts: bool = _option(True, "Find cuts; no frame is carried across one.")
    cut: tuple[int, ...] = _option(
        (), "A cut at this frame (repeat for more), in addition to those found.", minimum=1, metavar="FRAME"
    )
    job: str | None = _option(
        None, "Where the job's state is kept; OUT.vidstyle beside the output if not given.", metavar="DIR"
    )
    overwrite: bool = _option(False, "Replace an output that exists already.")
    restart: bool = _option(False, "Forget what an earlier run of this job has painted.")
    keep: bool = _option(False, "Keep the painted frames in the job directory when done.")


def _as_in(kind: type[Any], name: str, help: str | None = None) -> Any:
    """A field like that of another dataclass, maybe with another help text."""
    spec = next(spec for spec in fields(kind) if spec.name == name)
    return field(default=spec.default, metadata={**spec.metadata, "help": help or spec.metadata["help"]})


@dataclass(frozen=True, kw_only=True)
class FlowOptions(_Checked):
    """Which flow of a clip is written to files, and in which forms."""

    size: int | None = _as_in(
        RunOptions, "size", "Longest side of the flow in pixels; the input's own if not given."
    )
    frames: str | None = _as_in(RunOptions, "frames")
    distance: tuple[int, ...] = _option(
        (1,), "How many frames apart the frames of a pair are, e.g. 1,2,4.", minimum=1, metavar="N,..."
    )
    flow: str = _as_in(RunOptions, "flow")
    flow_size: int | None = _as_in(RunOptions, "flow_size")
    flow_weights: str | None = _as_in(RunOptions, "flow_weights")
    device: str = _as_in(RunOptions, "device", "Where raft runs: auto takes a GPU where there is one.")
    cuts: bool = _as_in(RunOptions, "cuts", "Find cuts; there is no flow across one.")
    cut: tuple[int, ...] = _as_in(RunOptions, "cut")
    pictures: bool = _option(True, "Write each flow as a picture, too: hue is direction, colour is speed.")
    video: bool = _option(
        False, "Write DIR/preview.mp4, too: the clip, its flow to the frame before, and where that holds."
    )
    overwrite: bool = _option(False, "Estimate all flow anew, replacing what DIR holds.")


@dataclass(frozen=True, kw_only=True)
class EncodeOptions(_Checked):
    """How the result is written; can change between the runs of one job."""

    codec: str = _option(
        "auto",
        "Video codec; auto is what suits the file's suffix (h264 in mp4).",
        choices=("auto", "h264", "h265", "av1", "vp9", "ffv1", "prores"),
    )
    crf: int | None = _option(
        None, "Quality of the encoding, lower is better; the codec's own scale.", minimum=0
    )
    bit_depth: int | None = _option(
        None, "Bits per channel of the result: 8, 10 (video) or 16 (PNG, TIFF).", metavar="8|10|16"
    )
    fps: str | None = _option(
        None, "Frame rate of a sequence of pictures, e.g. 24 or 30000/1001; 25 if not given.", metavar="RATE"
    )


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(_Checked):
    """What is measured, on what, and how painted clips are compared with the clip they were made from."""

    size: int | None = _option(
        None,
        "Longest side in pixels at which the clips are compared; the painted clip's own if not given.",
        minimum=16,
        metavar="PIXELS",
    )
    frames: str | None = _option(
        None,
        "The frames of ORIGINAL that were painted, counted from 0, the end not included: 100:200, :50 or "
        "100:. They are also taken from a painted clip that is as long as ORIGINAL.",
        metavar="A:B",
    )
    device: str = _as_in(RunOptions, "device")
    features: str = _as_in(RunOptions, "features")
    flow: str = _as_in(RunOptions, "flow")
    cuts: bool = _option(True, "Find cuts in ORIGINAL; no two frames are compared across one.")
    cut: tuple[int, ...] = _as_in(RunOptions, "cut")
    worst: int = _option(3, "How many of the worst pairs of frames of each clip are kept to show.", minimum=0)


def check_names(settings: Collection[str], *kinds: type[Any]) -> None:
    """Raise UsageError for a setting that is a field of none of the `kinds` of options."""
    unknown = set(settings).difference(*({spec.name for spec in fields(kind)} for kind in kinds))
    if unknown:
        raise UsageError(f"there is no setting called {', '.join(sorted(unknown))}; see vidstyle.options")


def split_settings(
    settings: Mapping[str, Any], hooks: Collection[str]
) -> tuple[NeuralOptions, RunOptions, EncodeOptions, dict[str, Any]]:
    """Keyword arguments sorted into the options they belong to and the hooks. UsageError for others."""
    kinds = (NeuralOptions, RunOptions, EncodeOptions)
    check_names(set(settings).difference(hooks), *kinds)
    names = [{spec.name for spec in fields(kind)} for kind in kinds]
    neural, run, encode = ({name: value for name, value in settings.items() if name in own} for own in names)
    own_hooks = {name: value for name, value in settings.items() if name in hooks}
    return NeuralOptions(**neural), RunOptions(**run), EncodeOptions(**encode), own_hooks
