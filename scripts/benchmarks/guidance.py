"""Regions: what they cost, what they do for the style of each, and how a map fares along a clip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from samples import truth
from torch import Tensor

from benchmarks.common import SAMPLES, Clock, Setting, Table, painter, scratch
from vidstyle.image.convert import to_float
from vidstyle.image.correspondence import at_start, carried, looked_up, packed, unpacked
from vidstyle.image.labels import Palette, one_hot, shares_at
from vidstyle.methods.guidance import Guidance
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import term_values
from vidstyle.options.losses import LOSSES
from vidstyle.pipeline.frame_order import first_pass

_CLIP = SAMPLES / "passing.mp4"
_STYLES = tuple(SAMPLES / f"{name}.jpg" for name in ("watercolour", "woodcut", "glass"))
_PAINTED = 10  # the frame that is painted
_BEGIN = 20  # where the balloon is in view


def run(setting: Setting) -> list[Table]:
    """One frame at `setting.size`, and a map carried over `setting.frames` frames, 50 by default."""
    return [_painted(setting), _carried(setting)]


def _painted(setting: Setting) -> Table:
    clock, rows = Clock(torch.device("cpu")), []
    for loss in LOSSES:
        for count in (0, 1, 3):
            method, content = _method(setting, loss, count)
            with clock(f"{loss} {count}"):
                painted = method.paint(content, [], 0)
            each = clock.total(f"{loss} {count}") / painted.steps
            rows.append((loss, count, each, _distance(setting, loss, painted.image)))
    columns = ("loss", "regions", "s per step", "style loss, each region against its own")
    return Table("guidance: passing, three styles", columns, rows)


def _method(setting: Setting, loss: str, count: int) -> tuple[NeuralStyle, Tensor]:
    """The painter and the frame, painted by all styles together, or each of three regions by one of them."""
    with scratch() as folder:
        frames = f"{_PAINTED}:{_PAINTED + 1}"
        plan = replace(setting, clip=_CLIP).plan(folder, *_STYLES, loss=loss, frames=frames)
    content = plan.canvas.content(plan.canvas.scaled(next(iter(plan.clip.frames(_PAINTED)))))
    if not count:
        return painter(plan), content
    own = torch.eye(3) if count == 3 else torch.ones(3, 1)
    regions = tuple(row.view(-1, 1, 1) for row in own)
    palette = Palette(tuple(truth.COLOURS.values())[:3], exact=True)
    plan = replace(plan, inputs=replace(plan.inputs, guidance=Guidance(plan.clip, palette, regions)))
    numbers = torch.from_numpy(_numbers(_PAINTED))[None] if count == 3 else torch.zeros(1, 1, 1)
    where = plan.canvas.move(shares_at(one_hot(numbers, count), plan.canvas.size))
    return painter(plan).guided(where), content


def _distance(setting: Setting, loss: str, image: Tensor) -> float:
    """The style term with a region for each style, whatever the picture was painted by."""
    method, content = _method(setting, loss, 3)
    term = method.style_term((content.shape[1], content.shape[2]))
    return float(term_values(method.features, image, {"style": term})["style"])


def _numbers(frame: int) -> np.ndarray:
    """0 sky, 1 land, 2 balloon, uint8 (H, W)."""
    shown = truth.labels("passing", frame)
    colours = list(truth.COLOURS.values())[:3]
    found: np.ndarray = np.stack([(shown == colour).all(axis=2) for colour in colours]).argmax(axis=0)
    return found.astype(np.uint8)


def _carried(setting: Setting) -> Table:
    count, rows = min(setting.frames or 50, 50), []
    # The truth is known at the clip's own size alone.
    setting = replace(setting, clip=_CLIP, size=None)
    first = torch.from_numpy(_numbers(_BEGIN))[None].float()
    for history in ((1,), (1, 10, 20, 40)):
        clock = Clock(torch.device("cpu"))
        with scratch() as folder:
            frames = f"{_BEGIN}:{_BEGIN + count + 1}"
            plan = setting.plan(folder, history=history, frames=frames, cuts=False)
        places = {_BEGIN: packed(at_start(*plan.canvas.size))}
        for each in first_pass(plan, _BEGIN):
            links = [
                (
                    unpacked(places[link.flow.source]),
                    torch.from_numpy(link.flow.vectors),
                    torch.from_numpy(link.weight),
                )
                for link in each.links
            ]
            with clock("carry"):
                if links:
                    places[each.frame.index] = packed(carried(links, to_float(each.frame.pixels), first))
        for after in [n for n in (10, 25, 50) if n <= count] or [count]:
            found = looked_up(first, unpacked(places[_BEGIN + after]), "nearest")[0].numpy()
            wrong = found != _numbers(_BEGIN + after)
            rows.append((history, after, f"{100 * wrong.mean():.1f} %", clock.total("carry") / count))
    columns = ("history", "frames on", "wrong labels", "s per frame")
    return Table(f"a map of frame {_BEGIN} of passing, carried by dis", columns, rows)
