"""What the spine asks of filling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidstyle.atomic import clear_leftovers
from vidstyle.errors import UsageError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.methods.base import Engine, Finished, Inputs, Method, Source, Work
from vidstyle.methods.fill.completion import SceneCompletion
from vidstyle.methods.fill.holes import Holes
from vidstyle.methods.fill.index import Index
from vidstyle.methods.fill.options import FillOptions
from vidstyle.methods.fill.painter import SHEET, Filling
from vidstyle.methods.fill.synthesis import Sight
from vidstyle.methods.maps import open_some
from vidstyle.video.pictures import picture_suffix

_SEEN_BY = "bundled"
_PASSES = 3  # forwards, backwards, and what is left
_FETCHED = 12  # times as quick as to search for: measured on a balloon that crosses a village


@dataclass(frozen=True, eq=False, kw_only=True)
class FillInputs(Inputs):
    """holes: where they are. completion: what fills them from other pictures, if that is asked for."""

    holes: Holes
    completion: SceneCompletion | None = None


class Fill(Method):
    """See `painter`."""

    uses_features = False  # those that the options of a run choose

    def work(self, options: FillOptions, width: int, height: int) -> Work:
        """What other frames show is fetched; only what none does is searched for as in a picture."""
        pixels = width * height
        return Work(pixels, pixels / _FETCHED if options.sources else pixels)

    def open(self, options: FillOptions, source: Source) -> FillInputs:
        if options.hole is None:
            raise UsageError("give what is to be filled: --mask MASK, white where the hole is")
        clip = source.clip
        masks, of = open_some("--mask", options.hole, clip, source.start, source.stop)
        moves = clip.kind != "still" and clip.filmed
        holes = Holes(
            masks,
            of=of,
            follows=options.follow and moves,
            first=source.start,
            grow=options.grow,
            notice=source.engine.notice,
        )
        holes.check((clip.height, clip.width), source.stop)
        index = _index(options, source)
        return FillInputs(
            options,
            contents={}
            if index is None
            else {"library": {"name": index.folder.name, "digest": index.digest()}},
            passes=_PASSES if moves and options.sources else 1,
            holes=holes,
            completion=None
            if index is None
            else SceneCompletion(index, clip.path, options.candidates, options.choose, source.engine.notice),
        )

    def painter(self, inputs: FillInputs, engine: Engine) -> Filling:
        options = inputs.options
        sight = _sight(options.feature_weight, engine) if options.by == "patches" else None
        return Filling(inputs.holes, inputs.passes, options.by, inputs.completion, sight)

    def beside(self, inputs: FillInputs, finished: Finished) -> list[Path]:
        """The sheet of candidates."""
        if not inputs.options.candidates:
            return []
        path = _sheet_path(finished.output)
        clear_leftovers([path])
        finished.write(path, to_float(finished.carry(finished.frames[0])[SHEET].numpy()), None)
        return [path]


def _sight(weight: float, engine: Engine) -> Sight | None:
    """By the small network that comes along, in float32: of patches little needs to be seen."""
    if not weight:
        return None
    return Sight(VGG(load(find(_SEEN_BY)).tensors).to(engine.device), weight)


def _index(options: FillOptions, source: Source) -> Index | None:
    """Of the library, if there is one. Raises UsageError where it cannot be filled from."""
    if options.library is None:
        return None
    if source.clip.kind != "still":
        raise UsageError(
            f"--by library fills pictures, and {source.clip.path.name} is a clip: leave it out, and what is "
            "behind is taken from other frames"
        )
    if options.candidates:
        picture_suffix(source.output)
        source.spare([source.clip.path], _sheet_path(source.output))
    return Index(Path(options.library), source.engine.notice)


def _sheet_path(output: Path) -> Path:
    return output.with_name(f"{output.stem}_candidates{output.suffix}")


METHOD = Fill()
