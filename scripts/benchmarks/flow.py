"""Every flow estimator on the rendered clips, whose exact flow is known from their geometry."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np
import torch
from samples import truth

from benchmarks.common import SAMPLES, Setting, Table, say
from vidstyle.device import pick_device
from vidstyle.errors import VidstyleError
from vidstyle.flow.consistency import DISOCCLUDED, HALF_A_PIXEL, consistency, motion_boundaries, reliability
from vidstyle.flow.estimators import ESTIMATORS, FlowEstimator, make_estimator
from vidstyle.image.warp import in_frame
from vidstyle.metrics import endpoint_error, occlusion_f1
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
    "occlusion F1",
    "ms per flow",
)


@dataclass(frozen=True)
class Truth:
    """The exact flow to the frame before.

    vectors: float32 (2, H, W), pixels. seen: bool (H, W), where the frame before shows the surface.
    """

    vectors: np.ndarray
    seen: np.ndarray


def run(setting: Setting) -> list[Table]:
    count = setting.frames or 12
    estimators = _at_hand(str(pick_device(setting.device)))
    rows = []
    for name in truth.CLIPS:
        path = SAMPLES / f"{name}.mp4"
        if path.is_file():
            frames = list(open_clip(path).frames(0, count))
            known = [
                Truth(*truth.flow(name, after.index, before.index)) for before, after in pairwise(frames)
            ]
            rows += [(name, e.name, *measure(e, frames, known)) for e in estimators]
    notes = [
        "errors over the pixels that the frame before shows",
        "hidden: share of the reliable ones that it does not show",
        "occlusion F1: of what it hides or leaves out of frame; boundaries of the exact motion do not count",
    ]
    return [Table(f"flow to the frame before: first {count} frames", COLUMNS, rows, notes)]


def _at_hand(device: str) -> list[FlowEstimator]:
    """The estimators that can be had; of the others it is told why not."""
    found = []
    for name in [name for name in ESTIMATORS if name != "none"]:
        try:
            found.append(make_estimator(name, device=device, notice=say))
        except VidstyleError as error:
            say(f"{name} is left out: {error}")
    return found


def measure(estimator: FlowEstimator, frames: list[Frame], known: list[Truth]) -> list[float]:
    """The means over the pairs of frames, in the order of COLUMNS from EPE on; of the times the least.

    known: the exact flow of each pair, from the later frame to the earlier.
    """
    estimator(frames[1].pixels, frames[0].pixels)  # the first call loads and warms what it needs
    figures, times = [], []
    for (before, after), true in zip(pairwise(frames), known, strict=True):
        started = time.perf_counter()
        vectors = estimator(after.pixels, before.pixels)
        reverse = estimator(before.pixels, after.pixels)
        times.append((time.perf_counter() - started) * 500)  # there and back
        found, wanted = torch.from_numpy(vectors), torch.from_numpy(true.vectors)
        visible = torch.from_numpy(true.seen)[None]
        reliable = torch.from_numpy(reliability(vectors, reverse)) > 0.9
        error = endpoint_error(found, wanted, visible)
        trusted = endpoint_error(found, wanted, visible & reliable)
        share, hidden = reliable.float().mean().item(), (reliable & ~visible).sum() / reliable.sum()
        shares = error.over_1, error.over_3, error.over_5
        f1 = _occlusion_f1(vectors, reverse, true)
        figures.append((error.mean, *shares, trusted.mean, share, hidden.item(), f1))
    return [*(fmean(column) for column in zip(*figures, strict=True)), min(times)]


def _occlusion_f1(vectors: np.ndarray, reverse: np.ndarray, true: Truth) -> float:
    """F1 of what the consistency of two flows takes to be hidden or out of frame."""
    outside = ~in_frame(torch.from_numpy(vectors), vectors.shape[1:], HALF_A_PIXEL)[0].numpy()
    hidden = (consistency(vectors, reverse, HALF_A_PIXEL) == DISOCCLUDED) | outside
    ignored = motion_boundaries(true.vectors)
    return occlusion_f1(*(torch.from_numpy(mask) for mask in (hidden, ~true.seen, ignored)))
