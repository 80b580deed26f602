"""Regions: what they cost, what they do for the style of each, and how a map fares along a clip."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from samples import truth
from torch import Tensor

from benchmarks.common import SAMPLES, Clock, Setting, Table, scaled_frames
from vidstyle.flow.consistency import agreement, long_term
from vidstyle.image.convert import to_float
from vidstyle.image.correspondence import at_start, carried, looked_up, packed, unpacked
from vidstyle.image.labels import one_hot, shares_at
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import term_values
from vidstyle.options.losses import LOSSES
from vidstyle.pipeline.plan import Plan
from vidstyle.types import Frame

_BEGIN = 20  # where the balloon is in view
_STYLES = ("watercolour", "woodcut", "glass")


def run(setting: Setting) -> list[Table]:
    """One frame at `setting.size`, and a map carried over `setting.frames` frames, 50 by default."""
    return [_painted(setting), _carried(setting)]


def _painted(setting: Setting) -> Table:
    clock, rows = Clock(torch.device("cpu")), []
    for loss in LOSSES:
        for count in (0, 1, 3):
            method, content, where = _method(setting, loss, count)
            painter = method if where is None else method.guided(where)
            stage = f"{loss} {count}"
            with clock(stage):
                image = painter.paint(content, [], 0)
            rows.append(
                (loss, count, clock.total(stage) / image.steps, _distance(setting, loss, image.image))
            )
    columns = ("loss", "regions", "s per step", "style loss, each region against its own")
    return Table("guidance: passing, three styles", columns, rows)


def _method(setting: Setting, loss: str, regions: int) -> tuple[NeuralStyle, Tensor, Tensor | None]:
    """The painter, the frame, and its regions: by all styles together, or each by a style of its own."""
    with tempfile.TemporaryDirectory() as folder:
        plan = setting.plan(Path(folder), SAMPLES / "passing.mp4", loss=loss, frames="10:11")
        styles = tuple(SAMPLES / f"{name}.jpg" for name in _STYLES)
        method = replace(plan, styles=styles).prepare(lambda line: None)
    assert isinstance(method, NeuralStyle)
    content = to_float(plan.scaled(next(iter(plan.clip.frames(10, 11)))).pixels)
    if not regions:
        return method, content, None
    numbers = torch.eye(3) if regions == 3 else torch.ones(3, 1)
    method.style.regions = [row.view(-1, 1, 1) for row in numbers]
    return method, content, _where(plan, regions)


def _where(plan: Plan, regions: int) -> Tensor:
    if regions == 1:
        return torch.ones(1, plan.height, plan.width)
    labels = torch.from_numpy(_numbers(10))[None]
    return shares_at(one_hot(labels, regions), (plan.height, plan.width))


def _distance(setting: Setting, loss: str, image: Tensor) -> float:
    """The style term with a region for each style, whatever the picture was painted by."""
    method, content, where = _method(setting, loss, 3)
    assert where is not None
    term = method.guided(where).style_term((content.shape[1], content.shape[2]))
    return float(term_values(method.features, image, {"style": term})["style"])


def _numbers(frame: int) -> np.ndarray:
    """0 sky, 1 land, 2 balloon, uint8 (H, W)."""
    shown = truth.labels("passing", frame)
    colours = list(truth.COLOURS.values())[:3]
    found: np.ndarray = np.stack([(shown == colour).all(axis=2) for colour in colours]).argmax(axis=0)
    return found.astype(np.uint8)


def _carried(setting: Setting) -> Table:
    count, rows = min(setting.frames or 50, 50), []
    for history in ((1,), (1, 10, 20, 40)):
        clock = Clock(torch.device("cpu"))
        with tempfile.TemporaryDirectory() as folder:
            # The truth is known at the clip's own size alone.
            plan = replace(setting, size=None).plan(Path(folder), SAMPLES / "passing.mp4", history=history)
        frames = scaled_frames(plan, _BEGIN + count + 1)[_BEGIN:]
        first = torch.from_numpy(_numbers(_BEGIN))[None].float()
        places = [packed(at_start(plan.height, plan.width))]
        for index in range(1, count + 1):
            places.append(_next(plan, frames[: index + 1], places, first, clock))
        for after in [n for n in (10, 25, 50) if n <= count] or [count]:
            found = looked_up(first, unpacked(places[after]), "nearest")[0].numpy()
            wrong = found != _numbers(_BEGIN + after)
            rows.append((plan.history, after, f"{100 * wrong.mean():.1f} %", clock.total("carry") / count))
    columns = ("history", "frames on", "wrong labels", "s per frame")
    return Table(f"a map of frame {_BEGIN} of passing, carried by dis", columns, rows)


def _next(plan: Plan, frames: list[Frame], places: list[Tensor], kinds: Tensor, clock: Clock) -> Tensor:
    """The places of the last of the frames."""
    flows, weights, sources = [], [], [len(frames) - 1 - back for back in plan.history if back < len(frames)]
    for source in sources:
        flow, weight = plan.flow.between(frames[-1], frames[source])
        near = source == len(frames) - 2
        alike = 1.0 if near else agreement(frames[-1].pixels, frames[source].pixels, flow.vectors)
        flows.append(torch.from_numpy(flow.vectors))
        weights.append(weight * alike)
    held = [torch.from_numpy(weight) for weight in long_term(weights)]
    links = [(unpacked(places[s]), f, w) for s, f, w in zip(sources, flows, held, strict=True)]
    with clock("carry"):
        return packed(carried(links, to_float(frames[-1].pixels), kinds))
