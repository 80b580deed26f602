"""How long an analogy takes, level by level, what it holds in memory, and how steady it is on a clip."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, Clock, Setting, Table, say, scratch, seen
from vidstyle.device import pick_device
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.image.resize import resize
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.types import Painted
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

SIZES = (224, 448)
EXEMPLAR = SAMPLES / "watercolour.jpg"
CLIPS = ("valley", "passing")
LEVELS = (5, 4, 3, 2, 1)
TIMES = ("size", "arithmetic", "route", "ways", *(f"level {n}, s" for n in LEVELS), "first frame, s")
COLUMNS = (*TIMES, "frame after it, s", "ratio")
STEADY = ("clip", "warping error", "of input's", "frame by frame", "ratio", "style loss", "frame by frame")


class _Timed(Analogy):
    """Notes the seconds of each level: of its search, and of finding the features of the next finer one."""

    clock: Clock

    def _search(self, level: int, *arguments: Any, **settings: Any) -> Any:
        with self.clock(str(level)):
            return super()._search(level, *arguments, **settings)

    def _finer(self, level: int, *arguments: Any) -> tuple[Tensor, Tensor]:
        with self.clock(str(level)):
            return super()._finer(level, *arguments)


def run(setting: Setting) -> list[Table]:
    if setting.style == Setting().style:
        setting = replace(setting, style=EXEMPLAR)
    return [_times(setting), _steadiness(setting)]


def _times(setting: Setting) -> Table:
    device = pick_device(setting.device)
    weights = load(find(setting.features)).tensors
    frame = to_float(next(iter(open_clip(setting.source).frames(0, 1))).pixels)
    exemplar = to_float(read_picture(setting.style)[0])
    rows = []
    for side, dtype in itertools.product(
        [setting.size] if setting.size else SIZES, (torch.float32, torch.bfloat16)
    ):
        network = VGG(weights, "max").to(device, dtype)
        pair = [resize(picture, (side, side)).to(device) for picture in (frame, exemplar)]
        # What is loaded at first use is not part of a row.
        _paint_two(_Timed(network, pair[1], AnalogyOptions(steps=1, sweeps=1)), pair[0], Clock(device))
        for route, one_way in itertools.product(("warp", "deconvolve"), (True, False)):
            method = _Timed(network, pair[1], AnalogyOptions(route=route, one_way=one_way, **_asked(setting)))
            clock = Clock(device)
            levels = _paint_two(method, pair[0], clock)
            first, after = clock.total("first"), clock.total("after")
            name = str(dtype).removeprefix("torch.")
            ways = "one" if one_way else "both"
            rows.append((f"{side}x{side}", name, route, ways, *levels, first, after, first / after))
    return Table(f"analogy: {setting.features} features", COLUMNS, rows)


def _asked(setting: Setting) -> dict[str, Any]:
    """Those of the settings for every painting that an analogy has."""
    names = {spec.name for spec in fields(AnalogyOptions)}
    return {name: value for name, value in setting.options.items() if name in names}


def _paint_two(method: _Timed, content: Tensor, clock: Clock) -> list[float]:
    """Paint a frame and the same again after it; returns the seconds of each level of the first."""
    method.clock = clock
    with clock("first"):
        first: Painted = method.paint(content, [], 0)
    levels = [clock.total(str(level)) for level in LEVELS]
    with clock("after"):
        method.paint(content, [seen(first.image, first.carry)], 1)
    return levels


def _steadiness(setting: Setting) -> Table:
    """The warping error of painted clips beside that of the same frames painted one by one."""
    size, count = setting.size or 240, setting.frames or 12
    rows = []
    for clip in [setting.clip] if setting.clip else [SAMPLES / f"{name}.mp4" for name in CLIPS]:
        with scratch() as folder:
            ways = {name: folder / f"{name}.mkv" for name in ("steady", "alone")}
            for name, output in ways.items():
                vidstyle.analogy(
                    clip,
                    setting.style,
                    output,
                    size=size,
                    frames=f":{count}",
                    features=setting.features,
                    device=setting.device,
                    codec="ffv1",
                    independent=name == "alone",
                    notice=say,
                    **_asked(setting),
                )
            found = vidstyle.evaluate(clip, list(ways.values()), setting.style, features=setting.features)
        totals = [measured.totals for measured in found.stylized]
        steady, alone = (float(total.warping_error["lai_1"] or 0) for total in totals)
        likeness = [total.style_loss for total in totals]
        rows.append(
            (clip.stem, steady, totals[0].ratio["lai_1"], alone, alone / max(steady, 1e-12), *likeness)
        )
    return Table(f"analogy: first {count} frames at {size} pixels, both ways, by deconvolution", STEADY, rows)
