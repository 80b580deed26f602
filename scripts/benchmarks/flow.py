"""Every flow estimator on the rendered clips, whose exact flow is known from their geometry."""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import fmean

import numpy as np
import torch
from samples import truth

from benchmarks.common import SAMPLES, Setting, Table
from vidstyle.flow.estimators import ESTIMATORS, FlowEstimator
from vidstyle.flow.pair import flow_between
from vidstyle.metrics import endpoint_error
from vidstyle.types import Frame
from vidstyle.video.reader import open_clip

COLUMNS = (
    "clip",
    "estimator",
    "EPE, px",
    "over 1 px",
    "over 3 px",
    "over 5 px",
    "EPE where reliable, px",
    "reliable share",
    "of it hidden",
    "ms per flow",
)


def run(setting: Setting) -> list[Table]:
    count = setting.frames or 12
    rows = []
    for name in truth.CLIPS:
        path = SAMPLES / f"{name}.mp4"
        if path.is_file():
            frames = list(open_clip(path).frames(0, count))
            known = [truth.flow(name, after.index, before.index) for before, after in pairwise(frames)]
            rows += [(name, e.name, *measure(e, frames, known)) for e in ESTIMATORS.values()]
    notes = [
        "errors over the pixels that the frame before shows",
        "hidden: share of the reliable ones that it does not show",
    ]
    return [Table(f"flow to the frame before: first {count} frames", COLUMNS, rows, notes)]


def measure(
    estimator: FlowEstimator, frames: list[Frame], known: list[tuple[np.ndarray, np.ndarray]]
) -> list[float]:
    """The means over the pairs of frames, in the order of COLUMNS from EPE on.

    known: of each pair the exact flow float32 (2, H, W) from the later frame to the earlier, in pixels, and
        where the earlier frame shows the surface, bool (H, W).
    """
    figures = []
    for (before, after), (true, seen) in zip(pairwise(frames), known, strict=True):
        started = time.perf_counter()
        flow, weight = flow_between(after, before, estimator)
        milliseconds = (time.perf_counter() - started) * 500  # there and back
        vectors, wanted = torch.from_numpy(flow.vectors), torch.from_numpy(true)
        visible, reliable = torch.from_numpy(seen)[None], torch.from_numpy(weight) > 0.9
        error = endpoint_error(vectors, wanted, visible)
        trusted = endpoint_error(vectors, wanted, visible & reliable)
        share, hidden = reliable.float().mean().item(), (reliable & ~visible).sum() / reliable.sum()
        shares = error.over_1, error.over_3, error.over_5
        figures.append((error.mean, *shares, trusted.mean, share, hidden.item(), milliseconds))
    return [fmean(column) for column in zip(*figures, strict=True)]
