"""How long an analogy takes: a first frame by route and by ways, and a frame after it."""

from __future__ import annotations

import itertools

import torch

from benchmarks.common import SAMPLES, Clock, Setting, Table
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.image.resize import resize
from vidstyle.methods import Analogy
from vidstyle.options import AnalogyOptions
from vidstyle.pipeline.device import pick_device
from vidstyle.types import Prior
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

COLUMNS = ("route", "ways", "first frame, s", "frame after it, s", "ratio")


def run(setting: Setting) -> list[Table]:
    """At `setting.size` pixels squared, 224 by default, in float32."""
    side, device = setting.size or 224, pick_device(setting.device)
    network = VGG(load(find(setting.features)).tensors, "max").to(device)
    frame = next(iter(open_clip(setting.clip or SAMPLES / "valley.mp4").frames(0, 1)))
    pictures = to_float(frame.pixels), to_float(read_picture(setting.style)[0])
    content, exemplar = (resize(picture, (side, side)).to(device) for picture in pictures)
    rows = []
    for route, one_way in itertools.product(("warp", "deconvolve"), (True, False)):
        method, clock = (
            Analogy(network, exemplar, AnalogyOptions(route=route, one_way=one_way)),
            Clock(device),
        )
        with clock("first"):
            first = method.paint(content, [], 0)
        still = torch.zeros(2, side, side, device=device)
        prior = Prior(first.image, torch.ones_like(first.image[:1]), first.carry, still)
        with clock("after"):
            method.paint(content, [prior], 1)
        seconds = clock.total("first"), clock.total("after")
        rows.append((route, "one" if one_way else "both", *seconds, seconds[0] / seconds[1]))
    return [Table(f"analogy: {side}x{side}, {setting.features} features", COLUMNS, rows)]
