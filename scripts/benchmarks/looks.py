"""What looks come to: how near the style, how steady, and what the optimiser saves that starts from one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean

import torch
from torch import Tensor

from benchmarks.balance import distances, network_of, subjects
from benchmarks.common import SAMPLES, Setting, Table
from vidstyle.device import pick_device, pick_dtype
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.flow.pair import flow_between
from vidstyle.image.convert import to_float
from vidstyle.image.resize import fit, resize
from vidstyle.image.warp import warp
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import read_look
from vidstyle.looks.noise import no_drift
from vidstyle.looks.recolouring import colours_after
from vidstyle.looks.shipped import BASE, SHIPPED
from vidstyle.methods.base import learnt_from
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle, scaled_style
from vidstyle.metrics import gradient_energy, warping_error
from vidstyle.types import Prior
from vidstyle.video.reader import open_clip

LIKENESS = ("look", "way", "style distance", "content distance", "seconds", "loss")
STEADINESS = ("look", "way", "warping error by contrast, of the input's", "contrast, last of first")


NAMES = tuple(name for name in SHIPPED if name != BASE)


def run(setting: Setting, names: tuple[str, ...] = NAMES) -> list[Table]:
    """Pictures as of `balance`, two by default; steadiness over 24 frames of `valley` if no film is given."""
    brushes = {name: _brush(setting, name) for name in names}
    likeness = [row for name in names for row in _likeness(setting, name, brushes[name])]
    steady = [row for name in names for row in _steadiness(setting, name, brushes[name])]
    told = f"first frame, {setting.features} features, at --size; loss: of the optimiser at its end, by that"
    return [
        Table("looks: likeness", LIKENESS, likeness, [told]),
        Table("looks: steadiness", STEADINESS, steady, ["next frame; flow of the input by dis"]),
    ]


def _brush(setting: Setting, name: str) -> Brush:
    device = pick_device(setting.device)
    return Brush(read_look(SHIPPED[name]), device, pick_dtype("auto", device))


@torch.no_grad()
def _alone(brush: Brush, subject: Tensor) -> Tensor:
    """A picture painted by itself."""
    drift = no_drift(subject.shape[1], subject.shape[2], brush.device)
    return brush.new(subject, drift, colours_after(None, subject))


def _likeness(setting: Setting, name: str, brush: Brush) -> Iterator[tuple[object, ...]]:
    """Of the optimiser from the subject, of the look, and of the optimiser in half the steps from either."""
    referee, style = VGG(load(find("vgg19")).tensors), learnt_from(SAMPLES / f"{name}.jpg")
    network, recipe = network_of(setting)
    whole = NeuralOptions(**setting.options)
    few = NeuralOptions(**{**setting.options, "steps": 5})

    def optimised(options: NeuralOptions, subject: Tensor, by_look: bool) -> tuple[Tensor, float]:
        start = (lambda seen: _alone(brush, seen)) if by_look else None
        painted = NeuralStyle(network, recipe, [style], options, start).paint(subject, [], 0)
        return painted.image, sum(painted.losses.values())

    ways = {
        "the picture itself": lambda subject: (subject, float("nan")),
        "look": lambda subject: (_alone(brush, subject), float("nan")),
        "optimiser": lambda subject: optimised(whole, subject, False),
        "optimiser, from the look": lambda subject: optimised(whole, subject, True),
        "optimiser, 5 steps at full size": lambda subject: optimised(few, subject, False),
        "the same, from the look": lambda subject: optimised(few, subject, True),
    }
    chosen = list(subjects(setting, setting.frames or 2))
    for way, paint in ways.items():
        rows = []
        for title, subject in chosen:
            began = time.perf_counter()
            image, loss = paint(subject)
            seconds = time.perf_counter() - began
            near = scaled_style(style, (subject.shape[1], subject.shape[2]))
            rows.append((*distances(referee, image, subject, near)[:2], seconds, loss))
            setting.keep(f"{name}_{title}_{way}.png", [subject, image])
        yield name, way, *(fmean(column) for column in zip(*rows, strict=True))


@torch.no_grad()
def _steadiness(setting: Setting, name: str, brush: Brush) -> Iterator[tuple[object, ...]]:
    clip = open_clip(setting.source if setting.source.is_file() else SAMPLES / "valley.mp4")
    columns, rows = fit(clip.width, clip.height, setting.size or 640)
    count = setting.frames or 24
    frames = list(clip.frames(0, count))
    inputs = [resize(to_float(frame.pixels), (rows, columns)) for frame in frames]
    flows = [flow_between(after, before, ESTIMATORS["dis"]) for before, after in pairwise(frames)]
    vectors, weights = [], []
    for flow, weight in flows:
        scale = columns / flow.vectors.shape[2]
        vectors.append(resize(torch.from_numpy(flow.vectors), (rows, columns)) * scale)
        weights.append(resize(torch.from_numpy(weight), (rows, columns)).clamp(0, 1))
    painter = StudentPainter(brush)
    carried, alone = [painter.paint(inputs[0], [], 0)], [painter.paint(inputs[0], [], 0).image]
    for at, subject in enumerate(inputs[1:]):
        before = carried[-1]
        prior = Prior(warp(before.image, vectors[at], "quick"), weights[at], before.carry, vectors[at])
        carried.append(painter.paint(subject, [prior], 0))
        alone.append(_alone(brush, subject))
    ways = {"painted after one another": [each.image for each in carried], "each by itself": alone}
    of_input = _error(inputs, vectors, weights)
    for way, painted in ways.items():
        kept = gradient_energy(painted[-1]) / gradient_energy(painted[0])
        of_clip = gradient_energy(inputs[-1]) / gradient_energy(inputs[0])
        yield name, way, _error(painted, vectors, weights) / of_input, kept / of_clip


def _error(frames: list[Tensor], vectors: list[Tensor], weights: list[Tensor]) -> float:
    """Warping error to the next frame, by the gradient energy of what is compared; cuts are left out."""
    found = [
        warping_error(after, before, flow, weight > 0.9) / gradient_energy(after)
        for (before, after), flow, weight in zip(pairwise(frames), vectors, weights, strict=True)
        if float(weight.mean()) > 0.2
    ]
    return fmean(found)
