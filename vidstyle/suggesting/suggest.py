"""The frames of a clip that show most of what others hide: `vidstyle keys --suggest`.

Frames are sampled evenly. Along the flow it is followed which pixels of each sample are seen in the others of
its shot, and those samples are taken, one after the other, by which most of the clip comes to be shown that
none before shows. Read `suggest` first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidstyle.errors import MediaError, OutputError
from vidstyle.events import Hooks, Pace
from vidstyle.flow.consistency import reliability
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.resize import fit, resize
from vidstyle.image.warp import warp
from vidstyle.options import RunOptions
from vidstyle.pipeline.frames import cut_places, frame_range, frame_total
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import detect_cuts

_LONGEST = 160  # pixels, at which frames are followed
_SAMPLES = 60  # of a clip
_UNKNOWN = 1000  # frames, where the source does not say


@dataclass(eq=False)
class _Sample:
    """A frame of a shot.

    size: (height, width) at which it is followed. frames: that it stands for, up to the next sample.
    back, ahead: flow to the sample before and from it to this one, each on the grid where it begins, float32
    (2, h, w); None at a shot's start.
    """

    index: int
    shot: int
    size: tuple[int, int]
    back: Tensor | None = None
    ahead: Tensor | None = None
    frames: int = 1


def suggest(source: Path, output: Path, count: int, run: RunOptions, hooks: Hooks) -> Path:
    """Write `count` frames of a clip that are worth painting into the folder `output`; returns it.

    Their numbers are in their names. Raises VidstyleError, Stopped where `hooks.stop` was set.
    """
    clip = open_clip(source, damaged=run.damaged, deinterlace=run.deinterlace)
    if clip.kind == "still":
        raise MediaError(f"{source} is a picture; --suggest chooses frames of a clip")
    start, stop = frame_range(run.frames, clip)
    samples = list(_sampled(clip, start, stop, run, hooks))
    if not samples:
        raise MediaError(f"{source} ends before frame {start}, where --frames begins")
    chosen, share = _chosen(samples, min(count, len(samples)))
    if len(samples) < count:
        hooks.tell(f"{source} was looked at in {len(samples)} places: so many are suggested")
    digits = max(4, len(str(clip.number(samples[-1].index))))
    files = {output / f"frame_{clip.number(index):0{digits}d}.png": index for index in sorted(chosen)}
    for path in files:
        check_spared(path, [source], run.overwrite)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{output} cannot be made: {error.strerror}") from error
    for path, index in files.items():
        write_picture(path, next(iter(clip.frames(index, index + 1))).pixels)
    hooks.tell(f"these frames show about {round(100 * share)} % of what the clip shows")
    return output


def _sampled(clip: Clip, start: int, stop: int | None, run: RunOptions, hooks: Hooks) -> Iterator[_Sample]:
    """Samples in their order, at least one of each shot, linked by the flow from frame to frame between."""
    total = frame_total(clip, start, stop)
    step = max(1, math.ceil((total or _UNKNOWN) / _SAMPLES))
    pace, way = Pace("shots", total), _Way()
    shot = -1
    cuts = detect_cuts(clip.frames(start, stop), run.cuts, cut_places(run.cut, clip))
    last: _Sample | None = None
    for frame, cut in cuts:
        small = _small(frame)
        shot += cut or shot < 0
        if cut or last is None or frame.index - last.index >= step:
            linked = last is not None and last.shot == shot
            back, ahead = way.to(small) if linked else (None, None)
            if last is not None:
                yield last
            last = _Sample(frame.index, shot, (small.height, small.width), back, ahead)
            way = _Way(small)
        else:
            way.on(small)
            last.frames += 1
        hooks.report(pace.finished(frame.index, shot))
    if last is not None:
        yield last


def _small(frame: Frame) -> Frame:
    columns, rows = fit(frame.width, frame.height, min(_LONGEST, max(frame.width, frame.height)))
    return replace(frame, pixels=to_uint8(resize(to_float(frame.pixels), (rows, columns))), alpha=None)


class _Way:
    """Flow over many frames, put together from each to the next. first: the frame that it begins with."""

    def __init__(self, first: Frame | None = None) -> None:
        self._last = first
        self._back: Tensor | None = None
        self._ahead: Tensor | None = None

    def on(self, frame: Frame) -> None:
        """Go on to the next frame."""
        assert self._last is not None
        estimator = ESTIMATORS["dis-fast"]
        back = torch.from_numpy(estimator(frame.pixels, self._last.pixels))
        ahead = torch.from_numpy(estimator(self._last.pixels, frame.pixels))
        if self._back is None or self._ahead is None:
            self._back, self._ahead = back, ahead
        else:
            self._back, self._ahead = (
                back + warp(self._back, back),
                self._ahead + warp(ahead, self._ahead),
            )
        self._last = frame

    def to(self, frame: Frame) -> tuple[Tensor, Tensor]:
        """The flow from this frame, the last, to the first, and that of the opposite direction."""
        self.on(frame)
        assert self._back is not None and self._ahead is not None
        return self._back, self._ahead


def _chosen(samples: Sequence[_Sample], count: int) -> tuple[list[int], float]:
    """The frames of so many samples, and which share of the clip they show."""
    seen = [_seen_from(samples, place) for place in range(len(samples))]
    lengths = torch.tensor([float(each.frames) for each in samples])
    shown = torch.zeros(len(samples), *samples[0].size)
    chosen: list[int] = []
    for _ in range(count):
        gains = [
            sum(float((view - shown[at]).clamp_min(0).mean() * lengths[at]) for at, view in views.items())
            for views in seen
        ]
        bare = {each.shot for each in samples} - {samples[place].shot for place in chosen}
        # A shot without any is not painted at all.
        last_chance = count - len(chosen) <= len(bare)
        ruled_out = [
            place in chosen or (last_chance and each.shot not in bare) for place, each in enumerate(samples)
        ]
        gains = [-1.0 if out else gain for out, gain in zip(ruled_out, gains, strict=True)]
        best = int(np.argmax(gains))
        chosen.append(best)
        for at, view in seen[best].items():
            shown[at] = torch.maximum(shown[at], view)
    share = float((shown.flatten(1).mean(dim=1) * lengths).sum() / lengths.sum())
    return [samples[place].index for place in chosen], share


def _seen_from(samples: Sequence[_Sample], place: int) -> dict[int, Tensor]:
    """By sample of the same shot, how much of each pixel sample `place` shows: float32 (h, w)."""
    whole = torch.ones(1, *samples[place].size)
    found = {place: whole[0]}
    for direction in (1, -1):
        at, view = place + direction, whole
        while 0 <= at < len(samples) and samples[at].shot == samples[place].shot:
            vectors, trust = _link(samples[max(at, at - direction)], direction)
            view = warp(view, vectors) * trust
            found[at] = view[0]
            at += direction
    return found


def _link(later: _Sample, direction: int) -> tuple[Tensor, Tensor]:
    """The flow by which a sample is reached from its neighbour, and how far it holds."""
    assert later.back is not None and later.ahead is not None
    vectors, reverse = (later.back, later.ahead) if direction > 0 else (later.ahead, later.back)
    return vectors, torch.from_numpy(reliability(vectors.numpy(), reverse.numpy()))
