"""Paint a video in the style of a picture: steady in time, with sound and timing kept, resumable.

    import vidstyle
    vidstyle.stylize("in.mp4", "style.jpg", "out.mp4")

See `stylize` for its settings; `analogy` paints from patches of a picture; `evaluate` measures what they
made. The pieces behind them:
`vidstyle.video.reader.open_clip` and `vidstyle.video.writer.open_writer` (frames with exact times),
`vidstyle.flow` (optical flow and its reliability), `vidstyle.features` (VGG by layer name),
`vidstyle.losses`, `vidstyle.metrics`, `vidstyle.optimize`, `vidstyle.methods` (each paints one frame at a
time), `vidstyle.pipeline` (joins them, resumable).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidstyle.batches.jobs import BatchJob
    from vidstyle.evaluation import Evaluation

# PyTorch reads this at its first tensor: large ones then lie in huge pages. Without it Linux hands out and
# takes back each of them in pages of 4 KiB, which took a third of a step at 1280x720 (12.5 s against 8.4 s).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# GNU's OpenMP reads this when PyTorch loads it: how often a thread that waits for another looks before it
# sleeps. By itself it looks 300 000 times, for milliseconds, on a core that the awaited thread may need: that
# made painting beside other programs twenty times slower. Sleeping at once takes 15 % on an idle machine.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# PyTorch reads this when it is loaded: what Apple's GPUs cannot do is then done by the processor.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")

_HOOKS = ("progress", "notice", "stop", "begun", "losses")

__all__ = ["analogy", "batch", "colorize", "dfi", "evaluate", "paint", "stylize", "texture"]


def paint(
    method: str,
    source: Path | str | None,
    pictures: Path | str | Sequence[Path | str],
    output: Path | str,
    /,
    **settings: Any,
) -> Path:
    """Paint by a method of any name in `vidstyle.methods.registry`; returns the path of the result.

    source: as for `stylize`; None for a method that makes pictures from none. pictures: that it learns from,
    as many as it takes. settings: any field of its options, and what else `stylize` takes.
    """
    # Imported here, so that `import vidstyle` and the command line's --help stay fast.
    from vidstyle.events import Hooks
    from vidstyle.methods.registry import asked_for, command, instead
    from vidstyle.options import EncodeOptions, split_settings
    from vidstyle.options.farm import FarmOptions

    own = command(asked_for(method, settings))
    kinds = (own.options, own.run, EncodeOptions, FarmOptions, *filter(None, [own.taught]))
    (options, run, encode, farm, *taught), hooks = split_settings(settings, _HOOKS, *kinds)
    run = run.for_run() if hasattr(run, "for_run") else run
    clip = _path("the input", source) if own.source else None
    target, told = _path("the output", output), Hooks(**hooks)
    if (other := instead(method, options)) is not None:
        do, value = other
        done: Path = do(clip, target, value, run, told)
        return done
    from vidstyle.farm.film import paint_film
    from vidstyle.pipeline.plan import Request

    several = _several("the picture to learn from", pictures)
    asked = Request(clip, several, target, options, run, encode, told.tell)
    return paint_film(asked, taught[0] if taught else None, farm, told)


def stylize(
    source: Path | str,
    style: Path | str | Sequence[Path | str],
    output: Path | str,
    **settings: Any,
) -> Path:
    """Paint a clip or a picture in the style of one or more pictures; returns the path of the result.

    source: a video, a picture, a folder of pictures or a pattern such as "frames/%04d.png"; output likewise.
    style: a style picture, or several, whose styles are mixed; () with the setting look=..., which paints
        with a file that was learnt, or one that comes with the package.
    settings: any field of `vidstyle.methods.style.options.NeuralOptions` and of `RunOptions` and
        `EncodeOptions` in `vidstyle.options`, such as size=480, quality="draft", color="content",
        features="bundled", codec="h265"; of `vidstyle.options.learning.FastOptions`, such as fast=True; and
        the hooks `progress` (called with a `vidstyle.events.Progress` per frame), `notice` (with lines of
        text), `begun` (with the job directory), `losses` (with a `vidstyle.events.FrameLosses` per frame) and
        `stop` (like a threading.Event: once set, the run ends after the frame in hand with
        `vidstyle.errors.Stopped`).

    The job's state is kept in OUTPUT.vidstyle, so the same call again goes on where an earlier one ended.
    Raises VidstyleError, whose text is one line for the user; UsageError for a setting that does not exist.
    """
    return paint("style", source, style, output, **settings)


def analogy(source: Path | str, exemplar: Path | str, output: Path | str, **settings: Any) -> Path:
    """Paint a clip or a picture from patches of a picture that shows what is like it (Deep Image Analogy).

    source, output: as for `stylize`. exemplar: the picture.
    settings: any field of `vidstyle.methods.analogy.options.AnalogyOptions`, `RunOptions` and
        `EncodeOptions`, such as balance="structure", route="warp", color_only=True, size=480; and the hooks
        of `stylize`.

    Resumes, returns and raises as `stylize` does.
    """
    return paint("analogy", source, exemplar, output, **settings)


def colorize(
    source: Path | str, output: Path | str, exemplar: Path | str | None = None, **settings: Any
) -> Path:
    """Colour a grey clip or picture; returns the path of the result.

    exemplar: a picture whose colours are taken where it looks alike; settings are then those of `analogy`.
        Without it the colours are those that such things usually have, or with the setting key=... or
        keys=... those of frames that were coloured by hand; settings are then those of
        `vidstyle.methods.colour.options`, such as learn_from="pictures", or those of
        `vidstyle.methods.keys.options`.
    Stops, goes on and raises as `stylize` does.
    """
    if exemplar is not None:
        return paint("analogy", source, exemplar, output, color_only=True, **settings)
    if settings.get("key") or settings.get("keys"):
        return paint("keys", source, (), output, color_only=True, **settings)
    return paint("colour", source, (), output, **settings)


def dfi(source: Path | str, output: Path | str, /, **settings: Any) -> Path:
    """Give a clip or a picture an attribute by deep feature interpolation; returns the path of the result.

    source: a video, a picture, a folder of pictures or a pattern; output likewise.
    settings: any field of `vidstyle.methods.dfi.options.DfiOptions`, `RunOptions` and `EncodeOptions`, such
        as source="plain", target="smiling" (folders of pictures), strength=(0.5, 1.0), mask="mouth.png"; and
        the hooks of `stylize`.

    Resumes and raises as `stylize` does.
    """
    return paint("dfi", source, [], output, **settings)


def texture(style: Path | str | Sequence[Path | str], output: Path | str, **settings: Any) -> Path:
    """Make a texture that looks like one or more pictures; returns the path of the result.

    style: a style picture, or several, whose styles are mixed. output: a picture; with `frames` a video, a
        folder of pictures or a pattern.
    settings: any field of `TextureOptions` and `TextureRunOptions` in `vidstyle.methods.texture.options` and
        of `EncodeOptions`, such as size="512x512", tile=True, frames=50, loss="gram+patch"; and the hooks of
        `stylize`.

    Kept, resumed and refused as in `stylize`.
    """
    return paint("texture", None, style, output, **settings)


def batch(
    inputs: Path | str | Sequence[Path | str],
    styles: Path | str | Sequence[Path | str],
    folder: Path | str,
    *,
    grid: Path | str | None = None,
    each: Callable[[BatchJob], None] = lambda job: None,
    **settings: Any,
) -> list[BatchJob]:
    """Paint many pictures and clips in many styles, each as a job of its own; returns how they ended.

    inputs: pictures and clips, folders of such, or patterns; every file on its own. styles: pictures, or
    folders of such. folder: for the results, INPUT_STYLE.SUFFIX. grid: a picture of them all, to be written.
    each: called with a `vidstyle.batches.jobs.BatchJob` as every job begins and ends.
    settings: as for `stylize`, and its hooks but `begun`.

    A job that fails has its `error` in one line, and the others go on; see `vidstyle.batches.jobs.batch`.
    """
    from vidstyle.batches import METHOD
    from vidstyle.batches.jobs import batch as run_batch
    from vidstyle.events import Hooks
    from vidstyle.methods.registry import command
    from vidstyle.options import EncodeOptions, RunOptions, split_settings

    wanted = [name for name in _HOOKS if name != "begun"]
    kinds = (command(METHOD).options, RunOptions, EncodeOptions)
    (options, run, encode), hooks = split_settings(settings, wanted, *kinds)
    return run_batch(
        _several("an input", inputs),
        _several("a style picture", styles),
        _path("the folder", folder),
        grid=None if grid is None else _path("grid", grid),
        options=options,
        run=run,
        encode=encode,
        hooks=Hooks(**hooks),
        each=each,
    )


def evaluate(
    original: Path | str,
    stylized: Path | str | Sequence[Path | str],
    style: Path | str | Sequence[Path | str] = (),
    **settings: Any,
) -> Evaluation:
    """Measure how steady painted clips are, and how like the style, beside the clip they were made from.

    original, stylized: videos, pictures, folders of pictures or patterns such as "frames/%04d.png".
    style: the style picture, or several; without any there is no style loss.
    settings: any field of `vidstyle.options.EvaluateOptions`, such as size=480, frames="100:200",
        features="bundled"; and the hooks `progress` and `notice`, as for `stylize`.

    Returns plain dataclasses; see `vidstyle.evaluation.measures.Evaluation`, and its `to_json`.
    Raises VidstyleError, whose text is one line for the user; UsageError for a setting that does not exist.
    """
    from vidstyle.evaluation import evaluate as run_evaluation
    from vidstyle.events import Hooks
    from vidstyle.options import EvaluateOptions, split_settings

    (options,), hooks = split_settings(settings, ("progress", "notice"), EvaluateOptions)
    return run_evaluation(
        _path("the original", original),
        _several("a painted clip", stylized),
        styles=_several("a style picture", style),
        options=options,
        hooks=Hooks(**hooks),
    )


def _several(what: str, paths: Path | str | Sequence[Path | str]) -> list[Path]:
    alone = isinstance(paths, (str, os.PathLike)) or not isinstance(paths, Iterable)
    each: Any = [paths] if alone else paths
    return [_path(what, path) for path in each]


def _path(what: str, path: Any) -> Path:
    """Raises UsageError for anything but a path: an array, say."""
    from vidstyle.errors import UsageError

    if not isinstance(path, (str, os.PathLike)):
        kind = type(path).__name__
        raise UsageError(f"{what} must be a path, not of type {kind}; write it to a file, and name that")
    return Path(os.fsdecode(path))
