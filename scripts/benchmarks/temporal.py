"""How steady a painted clip is, with the temporal parts and without, and at which style loss."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, Judge, Setting, Table, say, scaled_frames
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.flow.pair import flow_between
from vidstyle.image.convert import to_float
from vidstyle.job import JobStore
from vidstyle.metrics import WarpingError, gradient_energy
from vidstyle.types import Frame
from vidstyle.video.pictures import decode_png

CLIPS = ("valley", "passing", "cut")
WAYS = {
    "default": {},
    "temporal weight 0": {"temporal_weight": 0.0},
    "independent": {"independent": True},
}
COLUMNS = (
    "clip",
    "way",
    "warping error",
    "of input's",
    "style loss",
    "content loss",
    "s per frame",
    "mean colour, first",
    "last",
    "gradient energy, first",
    "last",
)


@dataclass(frozen=True)
class _Pair:
    """Frames t and t + 1 of one shot: the flow on the grid of t, and where it can be trusted."""

    index: int
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
            f"{clip.stem}: independent / default {errors['independent'] / errors['default']:.2f}, "
            f"default / input {errors['default'] / errors['input']:.2f}"
        )
    notes.append(
        "warping error: Lai et al. 2018, flow of the input by dis, weight over 0.9, no pair across a cut; "
        "losses: float32, relative to the target's energy"
    )
    title = f"temporal: first {count} frames, {setting.features} features"
    return [Table(title, COLUMNS, rows, notes)]


def _measure(setting: Setting, clip: Path, count: int, rows: list[tuple[object, ...]]) -> dict[str, float]:
    """Adds the rows of one clip; returns the warping errors of the ways and of the input."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plan = setting.plan(folder, clip)
        frames = scaled_frames(plan, count)
        judge = Judge(setting, folder, clip=clip)
        inputs = [to_float(frame.pixels) for frame in frames]
        pairs: list[_Pair] = []
        errors: dict[str, float] = {}
        for way, changes in WAYS.items():
            seconds, painted, starts = _paint(setting, clip, folder / way, len(frames), changes)
            if not pairs:
                pairs = _pairs(frames, starts)
                errors["input"] = _warping_error(inputs, pairs)
                still = inputs[0], inputs[-1]
                rows.append((clip.stem, "input", errors["input"], 1.0, "", "", "", *_drift(*still)))
            errors[way] = _warping_error(painted, pairs)
            style, content = _losses(judge, painted, inputs)
            ratio = errors[way] / errors["input"]
            drift = _drift(painted[0], painted[-1])
            rows.append((clip.stem, way, errors[way], ratio, style, content, seconds / len(frames), *drift))
    return errors


def _paint(
    setting: Setting, clip: Path, folder: Path, count: int, changes: dict[str, object]
) -> tuple[float, list[Tensor], list[int]]:
    """Seconds of the whole run, the painted frames as they were stored, and where shots start."""
    folder.mkdir()
    settings = setting.settings(frames=f":{count}", keep=True, job=str(folder / "job"), **changes)
    started = time.perf_counter()
    vidstyle.stylize(clip, setting.style, folder / "out.mp4", notice=say, **settings)
    seconds = time.perf_counter() - started
    store = JobStore.load(folder / "job")
    painted = [to_float(decode_png(store.load_frame(index))[0]) for index in store.frames()]
    return seconds, painted, store.shot_starts()


def _pairs(frames: list[Frame], starts: list[int]) -> list[_Pair]:
    pairs = []
    for before, after in pairwise(frames):
        if after.index not in starts:
            flow, weight = flow_between(before, after, ESTIMATORS["dis"])
            pairs.append(_Pair(before.index, torch.from_numpy(flow.vectors), torch.from_numpy(weight) > 0.9))
    return pairs


def _warping_error(frames: list[Tensor], pairs: list[_Pair]) -> float:
    error = WarpingError("lai")
    for pair in pairs:
        error.add(frames[pair.index], frames[pair.index + 1], pair.vectors, pair.mask)
    return error.mean


def _losses(judge: Judge, painted: list[Tensor], inputs: list[Tensor]) -> tuple[float, float]:
    """Mean style and content loss, without the recipe's weights."""
    recipe, device = judge.method.recipe, next(judge.method.features.parameters()).device
    found = [judge(p.to(device), i.to(device)) for p, i in zip(painted, inputs, strict=True)]
    return fmean(f["style"] for f in found) / recipe.style, fmean(
        f["content"] for f in found
    ) / recipe.content


def _drift(first: Tensor, last: Tensor) -> tuple[object, ...]:
    """Mean colour and gradient energy, of the first frame and of the last."""
    return _colour(first), _colour(last), gradient_energy(first), gradient_energy(last)


def _colour(image: Tensor) -> list[float]:
    return [round(value, 4) for value in image.mean(dim=(1, 2)).tolist()]
