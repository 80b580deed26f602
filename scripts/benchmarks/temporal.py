"""How steady a painted clip is, with the temporal parts and without, and at which style loss."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from benchmarks.common import SAMPLES, PaintingLoss, Setting, Table, paint, scaled_frames, scratch
from vidstyle.device import pick_device
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.flow.pair import flow_between
from vidstyle.image.convert import to_float
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import term_values
from vidstyle.metrics import gradient_energy, warping_error
from vidstyle.types import Frame

CLIPS = ("valley", "passing", "cut")
# What each part adds, in the order of Ruder, Dosovitskiy & Brox (2016), table 1.
WAYS: dict[str, dict[str, object]] = {
    "random start": {"independent": True},
    "previous frame": {"flow": "none", "temporal_weight": 0.0},
    "previous frame, warped": {"temporal_weight": 0.0},
    "+ short-term loss": {"history": (1,)},
    "+ long-term loss (default)": {},
    "+ a second pass": {"passes": 2},
}
DEFAULT = "+ long-term loss (default)"
COLUMNS = (
    "clip",
    "way",
    "warping error",
    "of input's",
    "backwards",
    "style loss",
    "of borders",
    "content loss",
    "s per frame",
    "mean colour, first",
    "last",
    "gradient energy, first",
    "last",
)


@dataclass(frozen=True)
class _Pair:
    """Neighbours in one shot: flow on the grid of frame `at` into `other`, and where to trust it."""

    at: int
    other: int
    vectors: Tensor
    mask: Tensor


def run(setting: Setting) -> list[Table]:
    count = setting.frames or 12
    present = [SAMPLES / f"{name}.mp4" for name in CLIPS if (SAMPLES / f"{name}.mp4").is_file()]
    rows: list[tuple[object, ...]] = []
    notes: list[str] = []
    for clip in [setting.clip] if setting.clip else present:
        errors = _measure(setting, clip, count, rows)
        notes.append(
            f"{clip.stem}: random start / default {errors['random start'] / errors[DEFAULT]:.2f}, "
            f"default / input {errors[DEFAULT] / errors['input']:.2f}"
        )
    notes.append(
        "warping error: Lai et al. 2018, flow of the input by dis, weight over 0.9, no pair across a cut; "
        "losses: float32, relative to the target's energy"
    )
    title = f"temporal: first {count} frames, {setting.features} features"
    return [Table(title, COLUMNS, rows, notes)]


def _measure(setting: Setting, clip: Path, count: int, rows: list[tuple[object, ...]]) -> dict[str, float]:
    """Adds the rows of one clip; returns the warping errors of the ways and of the input."""
    with scratch() as folder:
        of_clip = replace(setting, clip=clip)
        frames = scaled_frames(of_clip.plan(folder), count)
        loss_at = PaintingLoss(of_clip, folder)
        inputs = [to_float(frame.pixels) for frame in frames]
        device = pick_device(setting.device)
        pairs: list[list[_Pair]] = []
        errors: dict[str, float] = {}
        for way, changes in WAYS.items():
            seconds, painted, starts = paint(of_clip, folder / way, len(frames), changes)
            if not pairs:
                pairs = [_pairs(frames, starts), _pairs(frames, starts, back=True)]
                errors["input"], back = (_warping_error(inputs, each) for each in pairs)
                still = inputs[0], inputs[-1]
                rows.append((clip.stem, "input", errors["input"], 1.0, back, *[""] * 4, *_drift(*still)))
            errors[way], back = (_warping_error(painted, each) for each in pairs)
            near = [
                loss_at.likeness(p.to(device), i.to(device)) for p, i in zip(painted, inputs, strict=True)
            ]
            style, content = (fmean(column) for column in zip(*near, strict=True))
            ratio = errors[way] / errors["input"]
            drift = _drift(painted[0], painted[-1])
            each = seconds / len(frames)
            borders = fmean(_border_style(loss_at.painter, image.to(device)) for image in painted)
            rows.append((clip.stem, way, errors[way], ratio, back, style, borders, content, each, *drift))
    return errors


def _pairs(frames: list[Frame], starts: list[int], back: bool = False) -> list[_Pair]:
    pairs = []
    for before, after in pairwise(frames):
        if after.index not in starts:
            at, other = (after, before) if back else (before, after)
            flow, weight = flow_between(at, other, ESTIMATORS["dis"])
            mask = torch.from_numpy(weight) > 0.9
            pairs.append(_Pair(at.index, other.index, torch.from_numpy(flow.vectors), mask))
    return pairs


def _warping_error(frames: list[Tensor], pairs: list[_Pair]) -> float:
    errors = (warping_error(frames[p.at], frames[p.other], p.vectors, p.mask) for p in pairs)
    known = [error for error in errors if not math.isnan(error)]
    return fmean(known) if known else math.nan


@torch.no_grad()
def _border_style(method: NeuralStyle, image: Tensor) -> float:
    """Style loss of the left and the right eighth of a frame, where most that is new comes into view."""
    term = method.style_term((image.shape[1], image.shape[2]))
    width = image.shape[2] // 8
    strips = image[..., :width], image[..., -width:]
    return fmean(float(term_values(method.features, strip, {"style": term})["style"]) for strip in strips)


def _drift(first: Tensor, last: Tensor) -> tuple[object, ...]:
    """Mean colour and gradient energy, of the first frame and of the last."""
    return _colour(first), _colour(last), gradient_energy(first), gradient_energy(last)


def _colour(image: Tensor) -> list[float]:
    return [round(value, 4) for value in image.mean(dim=(1, 2)).tolist()]
