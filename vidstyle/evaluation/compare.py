"""The loop of an evaluation: all clips stream by together, and everything is measured as they pass.

Flow and masks come from the original alone and are computed once, whatever the number of painted clips.
Read `evaluate` first, then `_measure`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.device import pick_device
from vidstyle.errors import InputError, UsageError
from vidstyle.evaluation.distances import Distances
from vidstyle.evaluation.measures import INTERVALS, Evaluation
from vidstyle.evaluation.meter import Meter
from vidstyle.events import Hooks, Pace
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import WeightsFile, load_weights
from vidstyle.flow.estimators import FlowEstimator, make_estimator
from vidstyle.flow.pair import flow_between
from vidstyle.image.convert import to_float
from vidstyle.image.resize import fit
from vidstyle.methods.base import learnt_from
from vidstyle.options import EvaluateOptions
from vidstyle.pipeline.frames import check_longest, cut_places, frame_range, frame_total, resized
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import detect_cuts

_TRUSTED = 0.9  # the least weight of a flow vector that counts; the measures take a mask of 0 and 1
_SAME_SHAPE = 0.02  # by how much the ratios of width and height may differ, as a share
_SAME_RATE = 0.01


@dataclass(frozen=True)
class _Task:
    """What is compared, opened and checked. start, stop: frames of the original; stop None: to the end."""

    original: Clip
    stylized: tuple[Clip, ...]
    start: int
    stop: int | None
    size: tuple[int, int]
    options: EvaluateOptions
    estimator: FlowEstimator

    @property
    def total(self) -> int | None:
        """How many frames will be compared, where the clips say; an estimate for most videos."""
        counts = [clip.frame_count for clip in self.stylized if not self.is_whole(clip)]
        counts.append(frame_total(self.original, self.start, self.stop))
        known = [count for count in counts if count is not None]
        return max(1, min(known)) if known else None

    def is_whole(self, clip: Clip) -> bool:
        """Whether a painted clip shows all of the original, and not only the frames asked for."""
        return clip.frame_count is not None and clip.frame_count == self.original.frame_count

    def frames_of(self, clip: Clip) -> Iterator[Frame]:
        """The frames of a painted clip that belong to those asked for of the original."""
        frames = clip.frames(self.start, self.stop) if self.is_whole(clip) else clip.frames()
        return (resized(frame, self.size) for frame in frames)


def evaluate(
    original: Path | str,
    stylized: Sequence[Path | str],
    *,
    styles: Sequence[Path | str] = (),
    options: EvaluateOptions | None = None,
    hooks: Hooks | None = None,
) -> Evaluation:
    """Measure painted clips beside the clip they were made from.

    original, stylized: videos, pictures, folders of pictures or patterns such as frames/%04d.png.
    styles: the style pictures; without any there is no style loss.

    Raises VidstyleError (see vidstyle.errors).
    """
    hooks = hooks or Hooks()
    task = _prepare(Path(original), [Path(path) for path in stylized], options or EvaluateOptions(), hooks)
    pictures = [learnt_from(Path(style)) for style in styles]
    device = pick_device(task.options.device)
    weights = load_weights(task.options.features, False, hooks.tell)
    network = VGG(weights.tensors).to(device)
    recipe = recipe_for(weights.source.kind, network.layers, hooks.tell)
    distances = Distances(network, recipe, pictures, task.size)
    meters, shots = _measure(task, distances, hooks)
    return _result(task, meters, shots, recipe, weights.source, [str(style) for style in styles])


def _prepare(original: Path, stylized: Sequence[Path], options: EvaluateOptions, hooks: Hooks) -> _Task:
    if not stylized:
        raise UsageError("give at least one painted clip to compare with the original")
    clip = open_clip(original, deinterlace=options.deinterlace)
    others = tuple(open_clip(path) for path in stylized)
    start, stop = frame_range(options.frames, clip)
    estimator = make_estimator(options.flow, None, str(pick_device(options.device)), hooks.tell)
    width, height = _size(others, options)
    for each in (clip, *others):
        _tell_doubts(each, clip, (width, height), options, hooks)
    task = _Task(clip, others, start, stop, (height, width), options, estimator)
    if options.frames is not None:
        for each in filter(task.is_whole, others):
            hooks.tell(f"{each.path} is as long as {clip.path}: --frames {options.frames} is taken from both")
    return task


def _size(stylized: Sequence[Clip], options: EvaluateOptions) -> tuple[int, int]:
    """Width and height at which all are compared: those of the smallest painted clip, or as asked."""
    smallest = min(stylized, key=lambda clip: clip.width * clip.height)
    if options.size is not None:
        check_longest(options.size)
    return fit(smallest.width, smallest.height, options.size)


def _tell_doubts(
    clip: Clip, original: Clip, size: tuple[int, int], options: EvaluateOptions, hooks: Hooks
) -> None:
    """Say what makes a comparison doubtful."""
    width, height = size
    shape = clip.width / clip.height / (width / height)
    if abs(shape - 1) > _SAME_SHAPE:
        hooks.tell(f"{clip.path} is {clip.width}x{clip.height}: it is stretched to {width}x{height}")
    elif clip is not original and options.size is None and (clip.width, clip.height) != size:
        hooks.tell(f"{clip.path} is {clip.width}x{clip.height}: it is scaled to {width}x{height}")
    rate, expected = clip.frame_rate, original.frame_rate
    if rate and expected and abs(rate / expected - 1) > _SAME_RATE:
        hooks.tell(
            f"{clip.path} has {float(rate):.4g} frames per second, {original.path} {float(expected):.4g}: "
            "frames are compared by their numbers, not by their times"
        )


def _measure(task: _Task, distances: Distances, hooks: Hooks) -> tuple[list[Meter], list[int]]:
    """One pass over the clips. Returns a meter for each, the original's first, and where the shots start."""
    paths = [str(clip.path) for clip in (task.original, *task.stylized)]
    meters = [Meter(path, task.start, task.options.worst if at else 0) for at, path in enumerate(paths)]
    shots: list[int] = []
    # Of each clip as many frames as the longest interval needs: memory does not grow with the clip.
    window: deque[list[Frame]] = deque(maxlen=max(INTERVALS) + 1)
    pace = Pace("measure", task.total)
    for frames, starts_shot in _together(task, hooks):
        if starts_shot:
            _end_shot(meters, window)
            shots.append(frames[0].index)
        window.append(frames)
        images = [to_float(frame.pixels) for frame in frames]
        _add_frames(distances, meters, images)
        for interval in INTERVALS:
            if len(window) > interval:
                _compare(task, meters, interval, window[-1 - interval], frames)
        hooks.report(pace.finished(frames[0].index, len(shots) - 1))
    _end_shot(meters, window)
    for clip in (task.original, *task.stylized):
        for line in clip.notices:
            hooks.tell(line)
    return meters, shots


def _together(task: _Task, hooks: Hooks) -> Iterator[tuple[list[Frame], bool]]:
    """The frames of all clips side by side, the original's first, and whether they start a shot.

    Ends with the shortest clip, and says so. Raises InputError where there is nothing to compare.
    """
    clips = task.original, *task.stylized
    source = (resized(frame, task.size) for frame in task.original.frames(task.start, task.stop))
    original = detect_cuts(source, task.options.cuts, cut_places(task.options.cut, task.original))
    others = [task.frames_of(clip) for clip in task.stylized]
    count = 0
    while True:
        step = next(original, None)
        frames = [step[0] if step else None, *(next(other, None) for other in others)]
        there = [frame for frame in frames if frame is not None]
        if step is None or len(there) < len(frames):
            break
        count += 1
        yield there, step[1]
    ended = list(
        dict.fromkeys(str(clip.path) for clip, frame in zip(clips, frames, strict=True) if frame is None)
    )
    if count == 0:
        raise InputError(f"{ended[0]} has no frame to compare; give other clips or another --frames A:B")
    if there:
        hooks.tell(_ends_first(task, ended, count, original_ended=step is None))


def _ends_first(task: _Task, ended: Sequence[str], count: int, *, original_ended: bool) -> str:
    """The notice that some clips have no more than `count` frames, while others go on."""
    asked = task.options.frames
    if original_ended and asked:
        return f"more was painted than --frames {asked}: the first {count} frames of each are compared"
    hint = "" if original_ended or asked else "; --frames A:B says which part was painted"
    return f"{' and '.join(ended)}: no more than {count} frames, so only {count} are compared{hint}"


def _add_frames(distances: Distances, meters: Sequence[Meter], images: Sequence[Tensor]) -> None:
    original = distances.responses(images[0])
    for meter, image in zip(meters, images, strict=True):
        found = original if image is images[0] else distances.responses(image)
        meter.add_frame(image, distances.style(found), distances.content(found, original))


def _compare(
    task: _Task, meters: Sequence[Meter], interval: int, before: Sequence[Frame], after: Sequence[Frame]
) -> None:
    flow, weight = flow_between(before[0], after[0], task.estimator)
    vectors, mask = torch.from_numpy(flow.vectors), torch.from_numpy(weight) > _TRUSTED
    original = to_float(before[0].pixels)
    for meter, first, second in zip(meters, before, after, strict=True):
        meter.add_pair(interval, to_float(first.pixels), to_float(second.pixels), vectors, mask, original)


def _end_shot(meters: Sequence[Meter], window: deque[list[Frame]]) -> None:
    window.clear()
    for meter in meters:
        meter.end_shot()


def _result(
    task: _Task,
    meters: Sequence[Meter],
    shots: list[int],
    recipe: Recipe,
    source: WeightsFile,
    styles: list[str],
) -> Evaluation:
    rate = None if task.original.frame_rate is None else float(task.original.frame_rate)
    original = meters[0].result(rate, None)
    floor = original.totals.warping_error
    return Evaluation(
        original=original,
        stylized=[meter.result(rate, floor) for meter in meters[1:]],
        start=task.start,
        stop=task.start + len(original.frames.gradient_energy),
        width=task.size[1],
        height=task.size[0],
        frame_rate=rate,
        shots=shots,
        flow=task.estimator.name,
        features=str(source.path) if source.kind == "file" else source.kind,
        style_layers=list(recipe.style_layers),
        content_layers=list(recipe.content_layers),
        styles=styles,
    )
