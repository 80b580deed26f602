"""Settings of learning a look, by itself or in the job that paints with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vidstyle.errors import UsageError
from vidstyle.options.base import Checked, as_in, file_option, option
from vidstyle.options.run import RunOptions

_USUAL_MINUTES = 5


@dataclass(frozen=True, kw_only=True)
class LearnOptions(Checked):
    """How a network is taught a look: pictures are painted by optimisation, and it learns to do likewise."""

    source: str | None = file_option(
        None,
        "What to learn it on: a clip or a folder of pictures like those to be painted; some that come with "
        "the package if not given.",
        metavar="CLIP|FOLDER",
        called="--from",
    )
    minutes: float = option(
        10.0, "How long it may take; a first look takes five.", minimum=0.1, metavar="MINUTES"
    )
    steps: int | None = option(
        None, "How many steps the network learns; as many as --minutes leaves if not given.", minimum=1
    )
    pictures: int | None = option(
        None, "How many pictures are painted to learn from; by --minutes if not given.", minimum=1
    )
    size: int = option(
        320, "Longest side in pixels of these pictures.", minimum=64, maximum=1920, metavar="PIXELS"
    )
    quality: str = option(
        "draft",
        "With which care they are painted, as by --quality of style.",
        choices=("draft", "standard", "high"),
    )
    flow: bool = option(
        True,
        "Paint over what was painted before, brought along by optical flow; --no-flow for a look that paints "
        "each frame by itself: faster, plainer, and not as steady.",
    )
    begin: bool = option(True, "Begin with a network that has learnt other looks; without it, from nothing.")
    seed: int = as_in(RunOptions, "seed")
    device: str = as_in(RunOptions, "device")
    precision: str = as_in(RunOptions, "precision")
    features: str = file_option(
        "vgg19",
        "Weights of the feature network, as of style.",
        metavar="vgg19|torchvision|bundled|FILE",
        words=("auto", "vgg19", "torchvision", "bundled"),
    )
    job: str | None = as_in(RunOptions, "job")
    overwrite: bool = as_in(RunOptions, "overwrite")
    restart: bool = option(False, "Forget what an earlier run of this job has learnt.", role="free")


@dataclass(frozen=True, kw_only=True)
class TaughtOptions(Checked):
    """How a clip is painted by a network that learns, in the same job, from some of its frames.

    title: of these options, where they are shown.
    """

    title: ClassVar[str] = ""

    @property
    def wanted(self) -> bool:
        """Whether it is."""
        raise NotImplementedError

    @property
    def seconds(self) -> float:
        """How long it may take to learn."""
        raise NotImplementedError


def _seconds(minutes: float | None) -> float:
    return 60 * (_USUAL_MINUTES if minutes is None else minutes)


@dataclass(frozen=True, kw_only=True)
class FastOptions(TaughtOptions):
    """By one that learns from frames painted by optimisation."""

    title: ClassVar[str] = "With --fast"

    fast: bool = option(
        False,
        "Paint some key frames, teach a network by them, and paint all frames with it: the longer the clip, "
        "the more time that saves; it is less exact.",
        often=True,
    )
    minutes: float | None = as_in(
        LearnOptions,
        "minutes",
        "How long it may take, but for painting all frames of a long clip in the end; 5 if not given.",
        default=None,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes is not None and not self.fast:
            raise UsageError("--minutes is for --fast: without it every frame takes the time that it takes")

    @property
    def wanted(self) -> bool:
        return self.fast

    @property
    def seconds(self) -> float:
        return _seconds(self.minutes)


@dataclass(frozen=True, kw_only=True)
class ByOptions(TaughtOptions):
    """By one that learns from frames painted by hand."""

    title: ClassVar[str] = "With --by student"

    by: str = option(
        "patches",
        "Each frame takes its paint from the key frames, patch by patch; or a student paints it, a network "
        "that first learns from them, which is quicker in long clips and less exact.",
        choices=("patches", "student"),
        often=True,
    )
    minutes: float | None = as_in(
        LearnOptions, "minutes", "How long the student learns; 5 if not given.", default=None
    )
    steps: int | None = as_in(LearnOptions, "steps", "How many steps it learns, however long that takes.")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("minutes", "steps"):
            if getattr(self, name) is not None and not self.wanted:
                raise UsageError(f"--{name} is for --by student: patches have nothing to learn")
        if self.minutes is not None and self.steps is not None:
            raise UsageError("--minutes and --steps both say how long the student learns; give one")

    @property
    def wanted(self) -> bool:
        return self.by == "student"

    @property
    def seconds(self) -> float:
        return _seconds(self.minutes)
