"""Every flow estimator on the rendered clips, whose exact flow is known from their geometry, or on a clip.

Frames further apart than one are a clip in which everything moves as much faster.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from samples import truth
from torch import Tensor

from benchmarks.common import SAMPLES, Setting, Table, say
from vidstyle.device import pick_device
from vidstyle.errors import VidstyleError
from vidstyle.flow.consistency import DISOCCLUDED, HALF_A_PIXEL, consistency, motion_boundaries, reliability
from vidstyle.flow.estimators import ESTIMATORS, FlowEstimator, make_estimator
from vidstyle.image.convert import to_float
from vidstyle.image.resize import fit
from vidstyle.image.warp import in_frame
from vidstyle.metrics import endpoint_error, occlusion_f1, warping_error
from vidstyle.pipeline.frames import resized
from vidstyle.types import Frame
from vidstyle.video.reader import open_clip

APART = (1, 6)
"""How many frames lie between two that are compared; after six the balloon has moved 35 pixels."""
KEYS = ("clip", "frames apart", "estimator")
COLUMNS = (
    "EPE, px",
    "over 1 px",
    "over 3 px",
    "over 5 px",
    "EPE where reliable, px",
    "reliable share",
    "of it hidden",
    "occlusion F1",
    "warping error",
    "where reliable",
    "ms per flow",
)


@dataclass(frozen=True)
class Truth:
    """The exact flow to the frame before.

    vectors: float32 (2, H, W), pixels. seen: bool (H, W), where the frame before shows the surface.
    """

    vectors: np.ndarray
    seen: np.ndarray


@dataclass(frozen=True)
class Pair:
    """Two frames, and the exact flow from the later to the earlier where it is known."""

    before: Frame
    after: Frame
    true: Truth | None


def run(setting: Setting) -> list[Table]:
    count = setting.frames or 12
    estimators = _at_hand(setting)
    clips = [SAMPLES / f"{name}.mp4" for name in truth.CLIPS] if setting.clip is None else [setting.clip]
    rows = []
    for path in filter(Path.is_file, clips):
        for apart in APART:
            pairs = _pairs(path, count, apart, setting.size)
            rows += [(path.stem, apart, each.name, *measure(each, pairs)) for each in estimators]
    notes = [
        "errors over the pixels that the frame before shows",
        "hidden: share of the reliable ones that it does not show",
        "occlusion F1: of what it hides or leaves out of frame; boundaries of the exact motion do not count",
        "warping error: of the clip along the flow (Lai et al. 2018), of all that leads into the frame",
    ]
    return [Table(f"flow to an earlier frame: {count} pairs", (*KEYS, *COLUMNS), rows, notes)]


def _pairs(path: Path, count: int, apart: int, size: int | None) -> list[Pair]:
    """`count` frames of a clip with those `apart` before, and the exact flow where the clip was rendered."""
    frames = list(open_clip(path).frames(0, count + apart))
    known = path.stem in truth.CLIPS and path.parent == SAMPLES and size is None
    if size is not None:
        columns, rows = fit(frames[0].width, frames[0].height, size)
        frames = [resized(frame, (rows, columns)) for frame in frames]
    return [
        Pair(before, after, Truth(*truth.flow(path.stem, after.index, before.index)) if known else None)
        for before, after in zip(frames, frames[apart:], strict=False)
    ]


def _at_hand(setting: Setting) -> list[FlowEstimator]:
    """The estimators that can be had; of the others it is told why not."""
    found, device = [], str(pick_device(setting.device))
    for name in [name for name in ESTIMATORS if name != "none"]:
        try:
            found.append(make_estimator(name, setting.flow_weights.get(name), device=device, notice=say))
        except VidstyleError as error:
            say(f"{name} is left out: {error}")
    return found


def measure(estimator: FlowEstimator, pairs: Sequence[Pair]) -> list[float | None]:
    """The means over the pairs, in the order of COLUMNS; of the times the least."""
    first = pairs[0]
    estimator(first.after.pixels, first.before.pixels)  # the first call loads and warms what it needs
    figures, times = [], []
    for pair in pairs:
        started = time.perf_counter()
        vectors = estimator(pair.after.pixels, pair.before.pixels)
        reverse = estimator(pair.before.pixels, pair.after.pixels)
        times.append((time.perf_counter() - started) * 500)  # there and back
        reliable = torch.from_numpy(reliability(vectors, reverse)) > 0.9
        errors = (None,) * 5 if pair.true is None else _errors(vectors, pair.true, reliable)
        hidden = (None,) * 2 if pair.true is None else _hidden(vectors, reverse, pair.true, reliable)
        figures.append((*errors, reliable.float().mean().item(), *hidden, *_changes(pair, vectors, reliable)))
    return [*map(_mean, zip(*figures, strict=True)), min(times)]


def _mean(column: Sequence[float | None]) -> float | None:
    there = [value for value in column if value is not None]
    return fmean(there) if there else None


def _errors(vectors: np.ndarray, true: Truth, reliable: Tensor) -> tuple[float, ...]:
    """Mean distance from the exact flow, the shares that are far off, and the mean where it is trusted."""
    found, wanted = torch.from_numpy(vectors), torch.from_numpy(true.vectors)
    visible = torch.from_numpy(true.seen)[None]
    error, trusted = (endpoint_error(found, wanted, mask) for mask in (visible, visible & reliable))
    return error.mean, error.over_1, error.over_3, error.over_5, trusted.mean


def _hidden(vectors: np.ndarray, reverse: np.ndarray, true: Truth, reliable: Tensor) -> tuple[float, float]:
    """How much of what is trusted is not to be seen, and how well the flow tells what is not."""
    visible = torch.from_numpy(true.seen)[None]
    return float((reliable & ~visible).sum() / reliable.sum()), _occlusion_f1(vectors, reverse, true)


def _changes(pair: Pair, vectors: np.ndarray, reliable: Tensor) -> tuple[float, float]:
    """Warping errors of the frames along their flow: of all that leads into the frame, and where trusted."""
    flow = torch.from_numpy(vectors)
    after, before = (to_float(frame.pixels) for frame in (pair.after, pair.before))
    inside = in_frame(flow, vectors.shape[1:], HALF_A_PIXEL)
    return warping_error(after, before, flow, inside), warping_error(after, before, flow, reliable)


def _occlusion_f1(vectors: np.ndarray, reverse: np.ndarray, true: Truth) -> float:
    """F1 of what the consistency of two flows takes to be hidden or out of frame."""
    outside = ~in_frame(torch.from_numpy(vectors), vectors.shape[1:], HALF_A_PIXEL)[0].numpy()
    hidden = (consistency(vectors, reverse, HALF_A_PIXEL) == DISOCCLUDED) | outside
    ignored = motion_boundaries(true.vectors)
    return occlusion_f1(*(torch.from_numpy(mask) for mask in (hidden, ~true.seen, ignored)))
