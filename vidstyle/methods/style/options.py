"""Settings of neural style."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.looks.shipped import SHIPPED, SUFFIX
from vidstyle.options.base import Command, as_in, file_option, option
from vidstyle.options.guidance import GuidanceOptions
from vidstyle.options.learning import FastOptions
from vidstyle.options.losses import StyleLossOptions
from vidstyle.options.run import RunOptions
from vidstyle.options.shared import SharedOptions

_STARTS = ("content", "noise")  # of a shot's first frame, where it is no picture


@dataclass(frozen=True, kw_only=True)
class NeuralOptions(GuidanceOptions, StyleLossOptions):
    """How a frame is painted by neural style (Gatys et al. 2016; Ruder et al. 2016 for video).

    The loss is  content_weight·L_content + style_weight·L_style + tv_weight·(R + G) +
    temporal_weight·(L_temporal + T); every term is scaled so that the default weights suit any set of
    features and any size. R is total variation, G grain finer than the style's, T how far the colours of what
    comes into view are from those that its like has.
    """

    quality: str = as_in(
        SharedOptions,
        "quality",
        "Sizes and iterations: draft (480 pixels) is for a first look, standard 960, high 1920 for the end.",
    )
    strength: float = option(
        1.0,
        "How much of the style, in one number: 0 leaves INPUT nearly as it is, 2 is as much as makes sense.",
        minimum=0,
        maximum=4,
        often=True,
    )
    content_weight: float = option(1.0, "How closely the subject's shapes are kept.", minimum=0)
    style_weight: float = option(1.0, "How strongly the style is applied.", minimum=0)
    tv_weight: float = as_in(SharedOptions, "tv_weight")
    temporal_weight: float = as_in(SharedOptions, "temporal_weight")
    temporal_loss: str = option(
        "l2",
        "Form of the temporal loss; smooth-l1 gives way sooner where the flow is wrong.",
        choices=("l2", "smooth-l1"),
    )
    temporal_from: int = option(
        2, "With --passes: the first of the later passes that has the temporal loss.", minimum=2
    )
    style_scale: float = option(
        1.0,
        "Size of the style picture relative to the frame: above 1 for larger strokes.",
        minimum=0.05,
        often=True,
    )
    blend: tuple[float, ...] = as_in(SharedOptions, "blend")
    color: str = option(
        "style",
        "style: colours of the style picture; content: keep the clip's own colours (only brightness is "
        "painted); match: recolour the style picture to the clip first, by the mean and covariance of its "
        "colours; histogram: by all of their distribution.",
        choices=("style", "content", "match", "histogram"),
        often=True,
    )
    photo: bool = option(
        False,
        "Keep a photograph a photograph: only its colours and its light change, smoothly, and no edge bends.",
        often=True,
    )
    init: str = file_option(
        "content",
        "Start of a shot's first frame: content, noise, a picture file, or a look: what that makes of it.",
        metavar="content|noise|FILE|LOOK",
        words=(*_STARTS, *SHIPPED),
    )
    independent: bool = option(
        False,
        "Paint every frame on its own from noise (with --photo from the frame), without any temporal term: "
        "the baseline; of several passes the first.",
    )
    content_layers: tuple[str, ...] = option(
        (), "Content layers, e.g. relu4_2; by the features if not given."
    )
    optimizer: str = option(
        "auto",
        "The minimiser; auto is adam at the small sizes of a shot's first frame and lbfgs for all else.",
        choices=("auto", "adam", "lbfgs"),
    )
    steps: int | None = option(
        None, "Steps at the full size for a shot's first frame; by --quality if not given.", minimum=1
    )
    next_steps: int | None = as_in(SharedOptions, "next_steps")
    tolerance: float = option(
        1e-4,
        "Stop a frame early when the loss falls by less than this share per step; a frame that begins "
        "as the one before ended, after such a stop, is kept as it begins. 0 paints every frame in full.",
        minimum=0,
    )
    save_every: int | None = as_in(SharedOptions, "save_every")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photo and self.color != "style":
            raise UsageError(
                f"--photo gives the clip the style picture's colours; --color {self.color} is the opposite"
            )
        if self.photo and self.init == "noise":
            raise UsageError("--photo keeps what a picture shows: it cannot start with --init noise")

    @property
    def longest(self) -> int:
        """Longest side in pixels of what is painted where --size is not given."""
        return {"draft": 480, "standard": 960, "high": 1920}[self.quality]

    @property
    def unlearnable(self) -> str | None:
        """The option by which no network can learn to paint, if one is given."""
        given = {
            "--labels": self.labels,
            "--photo": self.photo,
            "--independent": self.independent,
            "--save-every": self.save_every,
        }
        return next((name for name, value in given.items() if value), None)

    @property
    def starts_plainly(self) -> bool:
        """Whether a shot's first frame starts from no picture file."""
        return self.init in _STARTS

    @property
    def starts_by_look(self) -> bool:
        """Whether it starts from what a look makes of it."""
        return self.init in SHIPPED or self.init.endswith(SUFFIX)


COMMAND = Command(
    NeuralOptions,
    RunOptions,
    "Paint INPUT in the style of one or more pictures. The same command again goes on where it was.",
    "Painting",
    taught=FastOptions,
)
