"""The contract between the spine and a painting method. A method is one folder and one line in `registry`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.errors import MediaError, UsageError
from vidstyle.events import Notice, Observer, say_nothing
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.flow.pair import FlowSource
from vidstyle.image.convert import to_float
from vidstyle.image.mirrored import opaque_alone
from vidstyle.methods.guidance import Guidance
from vidstyle.options import RunOptions
from vidstyle.types import Draft, Frame, Painted, Prior, Shot
from vidstyle.video.clip import Clip
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip


class Painter(Protocol):
    """Paints one frame at a time. Made once per job from what its method has read.

    A painter keeps nothing between calls that changes a result: what the next frame needs goes through
    `Painted.carry`, which is stored, so that a resumed run equals an uninterrupted one.
    """

    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """Paint `content`, float32 (3, H, W) in [0, 1].

        priors: earlier painted frames, warped into this one, nearest first; none at a shot's start. Where
            several see a pixel their weights add up to at most 1.
        draft: this frame as the pass before left it; None in the first pass.
        seed: of everything random in this call. Same arguments, same result; the arguments are not changed.
        """
        ...


@runtime_checkable
class Guided(Painter, Protocol):
    """A painter that paints regions of a frame by regions of its pictures."""

    def guided(self, where: Tensor) -> Painter:
        """The same painter, for a frame whose regions are `where`.

        where: float32 (R, H, W), how much of each pixel belongs to each region.
        """
        ...

    def small(self, where: Tensor) -> Mapping[int, str]:
        """The regions that are too small to be guided at some layers, and the first of these."""
        ...


@runtime_checkable
class Located(Painter, Protocol):
    """A painter that paints a frame by where it lies in the clip."""

    def at(self, index: int, shot: Shot, number: int) -> Painter:
        """The same painter, for frame `index` of `shot` in pass `number`, from 1.

        In the first pass it is not yet known where the shot ends.
        """
        ...


@runtime_checkable
class Finishing(Painter, Protocol):
    """A painter whose searched pictures are not yet what is painted."""

    def finished(self, content: Tensor, image: Tensor) -> Tensor:
        """What becomes of a picture that was searched, float32 (3, H, W) of the size of `content`."""
        ...


@dataclass(frozen=True)
class Engine:
    """Where and in which arithmetic a method computes.

    load: finds and reads the weights of the feature network, and is called when they are asked for.
    notice: takes lines for the user. observer: is shown every step of every search.
    """

    device: torch.device
    dtype: torch.dtype
    load: Callable[[], Weights]
    notice: Notice
    observer: Observer | None = None

    @property
    def weights(self) -> Weights:
        """Of the feature network."""
        return self.load()

    def network(self, pooling: str, *, compiled: bool = False) -> VGG:
        """The feature network with "max" or "average" pooling. compiled: see `VGG.compile_steps`."""
        network = VGG(self.weights.tensors, pooling).to(self.device, self.dtype)
        return network.compile_steps() if compiled else network

    def recipe(self, network: VGG) -> Recipe:
        """The layers and the balance that suit the features."""
        return recipe_for(self.weights.source.kind, network.layers, self.notice)

    def moved(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The same on the device."""
        return [to_device(tensor, self.device) for tensor in tensors]


@dataclass(frozen=True)
class Source:
    """What is to be painted, frames [start, stop) of a clip, by which pictures, and where it goes.

    overwrite: whether what lies under the names of the result may be replaced. engine: to be painted with.
    """

    clip: Clip
    pictures: tuple[Path, ...]
    output: Path
    start: int
    stop: int | None
    overwrite: bool
    engine: Engine

    def spare(self, paths: Sequence[Path], *written: Path) -> None:
        """Raise where a file to be written is one of `paths`, which are read, or may not be replaced."""
        for each in written:
            check_spared(each, paths, self.overwrite)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a method has read. A method may have more in a subclass of its own.

    options: as they are used. pictures: to learn from, float32 (3, H, W) in [0, 1], at their own sizes.
    guidance: maps of the regions that pictures and frames have.
    contents: by option, what stands in a job's fingerprint for files of which more counts than the content
    of one file, or of one clip.
    digest: of what may change within a job, see `Basis`. passes: that painting takes at least.
    """

    options: Any
    pictures: Sequence[Tensor] = ()
    guidance: Guidance | None = None
    contents: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    passes: int = 1

    @property
    def regions(self) -> Sequence[Tensor]:
        """Of the pictures; none without guidance."""
        return self.guidance.regions if self.guidance else ()


@dataclass(frozen=True)
class Basis:
    """What a frame is painted from in one pass, beside the clip and the options.

    digest: of what may change within a job; a frame that was painted from something else is painted anew.
    follows: whether it is painted from a neighbour painted before it: else no flow is looked for.
    whole: whether what is painted is the frame as it is to be seen: no fade is put back on it.
    """

    digest: str = ""
    follows: bool = True
    whole: bool = False


@dataclass(frozen=True)
class Finished:
    """The frames that a job has painted, for what a method writes beside them. frames: indices, ascending.

    carry: what a frame has left for later ones; nothing where it is faded away, and was not painted.
    source: a frame of the source, at the size of the result. write: a picture, float32 (3, H, W) in [0, 1],
    with the mask and the transparency of a frame, if given.
    """

    output: Path
    engine: Engine
    frames: Sequence[int]
    carry: Callable[[int], dict[str, Tensor]]
    source: Callable[[int], Frame]
    write: Callable[[Path, Tensor, Frame | None], None]


@dataclass(frozen=True)
class Work:
    """How much it is to paint a frame, to be compared with other sizes and options of the same method.

    first, later: of a shot, in pixels times steps.
    """

    first: float
    later: float

    def of(self, frames: int, shots: int = 1) -> float:
        """To paint so many frames."""
        return shots * self.first + max(0, frames - shots) * self.later


class Method(ABC):
    """What the spine asks of a painting method. What is not abstract suits most of them as it is.

    uses_features: whether the feature network is needed; without it none is looked for.
    quick: whether a frame is painted in hundredths of a second; then storing and warping are quick, too.
    revisited: whether a job that is done is gone back to, for those frames alone whose `Basis` has changed:
        with --keep the frames of all passes are kept.
    lighter: options of its own that let painting take less memory.
    shares: a line for the user on what machines that paint shots of one clip may share beside the job.
    """

    uses_features: ClassVar[bool] = True
    quick: ClassVar[bool] = False
    revisited: ClassVar[bool] = False
    lighter: ClassVar[tuple[str, ...]] = ()
    shares: ClassVar[str] = ""

    def clip(
        self, options: Any, path: Path | None, fps: Fraction | None, run: RunOptions
    ) -> tuple[Any, Clip]:
        """What is painted, and the options with all that follows from it. Raises UsageError, MediaError."""
        if path is None:
            raise UsageError("give a clip or a picture to paint")
        return options, open_clip(path, fps=fps, damaged=run.damaged, deinterlace=run.deinterlace)

    def quicker(self, options: Any, run: RunOptions, clip: Clip) -> str:
        """The option by which a long run paints a clip in a fraction of the time, if there is one."""
        return ""

    def work(self, options: Any, width: int, height: int) -> Work:
        """How much it is to paint a frame of this size; as it is here, by its pixels alone."""
        return Work(width * height, width * height)

    def longest(self, options: Any, clip: Clip) -> int:
        """Longest side in pixels of what is painted where --size is not given."""
        return min(max(clip.width, clip.height), int(options.longest))

    def basis(self, inputs: Any, index: int, shot: Shot, number: int) -> Basis:
        """What frame `index` of `shot` is painted from in pass `number`; see `Located.at`."""
        return Basis()

    def flow(self, options: Any) -> FlowSource | None:
        """How what is painted moves, where that is not seen in a clip."""
        return None

    def fitted(self, options: Any, width: int, height: int, engine: Engine) -> Any:
        """The options with what the memory of the machine leaves open; a notice tells of a choice."""
        return options

    def narrower(self, options: Any, width: int, height: int) -> Any | None:
        """The options with which painting frames of this size takes less memory; None if there are none.

        What is painted with them differs by little more than rounding: where memory runs out, they are taken
        unasked.
        """
        return None

    def open(self, options: Any, source: Source) -> Inputs:
        """Read and check what is needed beside the clip. Raises InputError, UsageError or OutputError."""
        return Inputs(options, [learnt_from(path, source.engine.notice) for path in source.pictures])

    @abstractmethod
    def painter(self, inputs: Any, engine: Engine) -> Painter:
        """The painter, with all that it needs on the device."""

    def beside(self, inputs: Any, finished: Finished) -> list[Path]:
        """Write what belongs beside the result, if anything; returns the files."""
        return []


def learnt_from(path: Path, notice: Notice = say_nothing) -> Tensor:
    """A picture to learn from, float32 (3, H, W) in [0, 1], only the opaque of it. Raises MediaError.

    On white paper, paper would be learnt.
    """
    pixels, alpha = read_picture(path, notice)
    if alpha is None or bool((alpha == np.iinfo(alpha.dtype).max).all()):
        return to_float(pixels)
    notice(f"{path.name} is transparent in parts: only what is opaque in it counts")
    try:
        return opaque_alone(pixels, alpha)
    except ValueError as error:
        raise MediaError(f"{path} shows nothing to learn from: {error}") from error
