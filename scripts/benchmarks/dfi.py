"""Deep feature interpolation on drawn faces: speed, nearness to the truth, steadiness."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from samples.faces import Face, draw, make_faces, moving, with_attributes

import vidstyle
from benchmarks.common import Clock, Setting, Table, scratch
from vidstyle.device import pick_device, pick_dtype
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.methods.dfi.cache import FeatureCache
from vidstyle.methods.dfi.features import LAYERS, SetFeatures, View
from vidstyle.methods.dfi.sets import open_set
from vidstyle.video.pictures import read_picture, write_picture

STEPS = 500  # as the reference's 78 s were taken
STRENGTHS = (0.75, 1.5)
PEOPLE = 2
SPEED = ("what", "s", "each, s", "pictures per s")
TRUTH = ("attribute", "sets' pictures", "strength", "off at the attribute", "off elsewhere", "of the way")
STEADY = ("way", "warping error", "x input", "s per frame")
_ATTRIBUTES: dict[str, dict[str, Any]] = {"smile": {"smile": 0.9}, "glasses": {"glasses": True}}


def run(setting: Setting, count: int = 100) -> list[Table]:
    """Speed at `setting.size` pixels squared, 200 by default, all else at half; `setting.frames` are 24.

    count: pictures in each set.
    """
    with scratch() as folder:
        size, large, small = setting.size or 200, folder / "large", folder / "small"
        names = [f"person{number}.png" for number in range(PEOPLE)]
        make_faces(large, count, size, seed=0, inputs=names)
        people = make_faces(small, count, size // 2, seed=0, inputs=names)
        return [
            _speed(setting, large, size),
            _nearness(setting, small, dict(zip(names, people, strict=True)), size // 2),
            _steadiness(setting, small, people[0], size // 2),
        ]


def _edit(setting: Setting, source: Path, output: Path, kind: str, sets: Path, **more: Any) -> Path:
    origin = {"source": str(sets / "plain"), "target": str(sets / kind)}
    chosen = {"features": setting.features, "device": setting.device, "keep": False, "overwrite": True}
    return vidstyle.dfi(source, output, **(chosen | dict(setting.options) | origin | more))


def _speed(setting: Setting, folder: Path, size: int) -> Table:
    """Features of a set by the network and from the cache, and an edit whose features are at hand."""
    device = pick_device(setting.device)
    weights, clock = load(find(setting.features)), Clock(device)
    network = VGG(weights.tensors, "max").to(device, pick_dtype("auto", device))
    layers, cache = [layer for layer in LAYERS if layer in network.layers], FeatureCache(folder / "cache")
    features = SetFeatures(network, weights.digest, layers=layers, cache=cache)
    pictures, view = open_set(folder / "plain"), View((size, size))
    many = len(pictures.paths)
    rows: list[tuple[Any, ...]] = []
    for kind in ("summaries", "full features"):
        for source in ("network", "cache"):
            with clock(name := f"{kind}, {source}"):
                if kind == "summaries":
                    deque(features.summaries(pictures, view), maxlen=0)
                else:
                    features.mean(pictures, range(many), view)
            rows.append((name, clock.total(name), clock.total(name) / many, many / clock.total(name)))
    person = folder / "person0.png"
    steps = int(setting.options.get("steps", STEPS))
    _edit(setting, person, folder / "warm.png", "smile", folder, steps=1)
    with clock("edit"):
        _edit(setting, person, folder / "timed.png", "smile", folder, steps=steps, tolerance=0)
    rows.append((f"an edit, {steps} steps", clock.total("edit"), clock.total("edit") / steps, ""))
    return Table(f"dfi: speed at {size}x{size}, {setting.features} features", SPEED, rows)


def _nearness(setting: Setting, folder: Path, people: Mapping[str, Face], size: int) -> Table:
    """Edits beside the truth, as they lie and brought onto landmarks, means over people."""
    rows = []
    for (kind, changes), aligned in itertools.product(_ATTRIBUTES.items(), (False, True)):
        found: dict[float, list[tuple[float, float, float]]] = {strength: [] for strength in STRENGTHS}
        for number, (name, face) in enumerate(people.items()):
            place = folder / f"{kind}{number}{'aligned' if aligned else ''}"
            place.mkdir()
            align = {"align": str(folder / "landmarks.csv")} if aligned else {}
            _edit(setting, folder / name, place / "out.png", kind, folder, strength=STRENGTHS, **align)
            truth = draw(with_attributes(face, **changes), size)
            for strength in STRENGTHS:
                last = strength == STRENGTHS[-1]
                result = place / ("out.png" if last else f"out_{strength:g}.png")
                found[strength].append(_beside(folder / name, result, truth))
            if number == 0:
                setting.keep(f"{place.name}.png", [to_float(read_picture(place / "out_strip.png")[0])])
        way = "on landmarks" if aligned else "as they lie"
        rows += [(kind, way, strength, *np.mean(each, axis=0)) for strength, each in found.items()]
    notes = (
        "off: root mean square difference from the truth, as a multiple of the input's over the attribute;",
        "of the way: how far the edit goes from the input to the truth there, 1 is all of it",
    )
    return Table(f"dfi: nearness to the truth, {len(people)} faces", TRUTH, rows, notes)


def _beside(source: Path, result: Path, truth: np.ndarray) -> tuple[float, float, float]:
    """Distance from the truth where the attribute is and elsewhere, and the share of the way there."""
    before, after = (read_picture(path)[0].astype(float) for path in (source, result))
    way, step = truth - before, after - before
    inside = (way != 0).any(axis=0)
    scale = float(np.sqrt(np.mean(way[:, inside] ** 2)))
    off = np.sqrt(np.mean((after - truth)[:, inside] ** 2)), np.sqrt(np.mean(step[:, ~inside] ** 2))
    along = float((way * step)[:, inside].sum() / (way**2)[:, inside].sum())
    return float(off[0]) / scale, float(off[1]) / scale, along


def _steadiness(setting: Setting, folder: Path, face: Face, size: int) -> Table:
    """Glasses on a moving face: held to the frame before, and every frame on its own."""
    count = setting.frames or 24
    clip = folder / "clip"
    clip.mkdir()
    for number, posed in enumerate(moving(face, count)):
        write_picture(clip / f"{number:04}.png", draw(posed, size))
    ways: Mapping[str, dict[str, Any]] = {"frame after frame": {}, "independent": {"independent": True}}
    outputs, seconds = [], []
    clock = Clock(torch.device("cpu"))
    for way, settings in ways.items():
        outputs.append(folder / way.replace(" ", "_"))
        with clock(way):
            _edit(setting, clip, outputs[-1], "glasses", folder, strength=(1.5,), **settings)
        seconds.append(clock.total(way) / count)
    found = vidstyle.evaluate(clip, outputs, features=setting.features)
    rows: list[tuple[Any, ...]] = [("input", found.original.totals.warping_error["lai_1"], 1.0, "")]
    for way, each, spent in zip(ways, found.stylized, seconds, strict=True):
        rows.append((way, each.totals.warping_error["lai_1"], each.totals.ratio["lai_1"], spent))
    return Table(f"dfi: steadiness, {count} frames of a moving face", STEADY, rows)
