"""Key frames against the truth: a painted scene, rendered, of which every frame's right answer is known.

A picture is seen through a moving camera, a ball comes into view before it, crosses and turns, and the light
changes. The surfaces of both are painted once, and the same camera films them: so should each frame look.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, Setting, Table, say, scratch
from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.correspondence import at_start
from vidstyle.image.places import followed, seen
from vidstyle.image.warp import in_frame, warp
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.metrics import psnr, warping_error
from vidstyle.video.pictures import read_picture, write_picture

COLUMNS = (
    "way",
    "keys",
    "distance to the truth, % of range",
    "of what a key shows",
    "of what none shows",
    "unsteadiness, % of range",
    "warping error / the truth's",
    "PSNR of keys, dB",
    "s per frame",
)
_PICTURES = SAMPLES / "dusk.jpg", SAMPLES / "glass.jpg"
_NOISE = 2.0  # levels of 255
_STEPS = 300  # of the student
_RADIUS = 0.24  # of the ball, in heights


class Scene:
    """Frames of `size`, (height, width); `count` of them."""

    def __init__(self, size: tuple[int, int], count: int, look: str) -> None:
        self.size, self.count = size, count
        self.surfaces = [to_float(read_picture(path)[0]) for path in _PICTURES]
        with scratch() as folder:
            self.painted = [_painted(path, folder / f"{n}.png", look) for n, path in enumerate(_PICTURES)]

    def places(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Where the pixels of a frame lie on the picture and on the ball, and where the ball is seen."""
        picture, shift = self._camera(index)
        ground = torch.einsum("cd,dhw->chw", picture, at_start(*self.size)) + shift.view(2, 1, 1)
        ball, middle = self._ball(index)
        around = torch.einsum("cd,dhw->chw", ball, at_start(*self.size) - middle.view(2, 1, 1))
        far = around.square().sum(dim=0, keepdim=True).sqrt()
        rows, columns = self.surfaces[1].shape[1:]
        # What is near the edge of a ball is seen aslant.
        bulge = torch.asin(far.clamp(max=1)) / (math.pi / 2) / far.clamp_min(1e-6)
        front = 0.35 * min(rows, columns) * bulge * around
        return ground, front + front.new_tensor([columns / 2, rows / 2]).view(2, 1, 1), far < 1

    def _camera(self, index: int) -> tuple[Tensor, Tensor]:
        """The map from pixels of a frame to the picture: a matrix and a shift."""
        time = index / max(1, self.count - 1)
        rows, columns = self.surfaces[0].shape[1:]
        zoom, angle = (1 - 0.15 * time) * 0.62 * columns / self.size[1], 0.08 * math.sin(3 * time)
        turn = zoom * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        middle = torch.tensor([self.size[1] - 1, self.size[0] - 1]) / 2
        return turn, torch.tensor([columns * (0.4 + 0.2 * time), 0.5 * rows]) - turn @ middle

    def _ball(self, index: int) -> tuple[Tensor, Tensor]:
        """The map from pixels about the middle of the ball to the ball, and where the middle is."""
        time = index / max(1, self.count - 1)
        height, width = self.size
        angle, radius = 2 * time, _RADIUS * height
        turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        return turn / radius, torch.tensor([(1.5 * time - 0.25) * width, 0.65 * height])

    def flow(self, index: int) -> tuple[Tensor, Tensor]:
        """Where each pixel of a frame was in the frame before, (2, H, W), and whether it was seen there."""
        here, (_, _, inside) = at_start(*self.size), self.places(index)
        (turn, shift), (turn_before, shift_before) = self._camera(index), self._camera(index - 1)
        back = torch.linalg.inv(turn_before)
        ground = torch.einsum("cd,dhw->chw", back @ turn, here) + (back @ (shift - shift_before)).view(
            2, 1, 1
        )
        (ball, middle), (ball_before, middle_before) = self._ball(index), self._ball(index - 1)
        front = torch.einsum("cd,dhw->chw", torch.linalg.inv(ball_before) @ ball, here - middle.view(2, 1, 1))
        vectors = torch.where(inside, front + middle_before.view(2, 1, 1), ground) - here
        before = warp(self.places(index - 1)[2].float(), vectors)
        return vectors, in_frame(vectors, self.size) & ((before - inside.float()).abs() < 0.01)

    def seen(self, surfaces: Sequence[Tensor], index: int) -> Tensor:
        """A frame of such surfaces, float32 (3, H, W)."""
        picture, ball, inside = self.places(index)
        here = at_start(*self.size)
        ground, front = (
            warp(surface, place - here, "bicubic")
            for surface, place in zip(surfaces, (picture, ball), strict=True)
        )
        return torch.where(inside, front, ground)

    def filmed(self, index: int) -> Tensor:
        """With changing light and noise."""
        light = 1 + 0.08 * math.sin(2 * math.pi * index / max(2, self.count))
        generator = torch.Generator().manual_seed(index)
        noise = torch.randn(3, *self.size, generator=generator) * _NOISE / 255
        return (light * self.seen(self.surfaces, index) + noise).clamp(0, 1)

    def truth(self, index: int) -> Tensor:
        return self.seen(self.painted, index).clamp(0, 1)

    def shown(self, index: int, keys: Sequence[int]) -> Tensor:
        """What of a frame a key frame shows: bool (1, H, W)."""
        found = torch.zeros(1, *self.size, dtype=torch.bool)
        own = self.places(index)
        for key in keys:
            other = self.places(key)
            for part, seen_here, seen_there in (
                (0, ~own[2], ~other[2]),
                (1, own[2], other[2]),
            ):
                found |= seen_here & _covered(own[part], other[part], seen_there)
        return found


def _covered(places: Tensor, others: Tensor, where: Tensor) -> Tensor:
    """Which places (2, H, W) on a surface are among those that others see, where they see it."""
    cells = {}
    for name, each in (("own", places), ("other", others)):
        cell = (each / 4).floor().long()
        cells[name] = cell[0] + 10_000 * cell[1]
    known = cells["other"][where[0]].unique()
    return torch.isin(cells["own"], known)[None]


def _painted(path: Path, out: Path, look: str) -> Tensor:
    vidstyle.stylize(path, [], out, look=look)
    return to_float(read_picture(out)[0])


def run(setting: Setting) -> list[Table]:
    width = setting.size or 320
    scene = Scene((round(width * 9 / 16), width), setting.frames or 40, "strokes")
    rows: list[tuple[object, ...]] = []
    last = scene.count - 1
    with scratch() as folder:
        clip = folder / "clip"
        clip.mkdir()
        for index in range(scene.count):
            write_picture(clip / f"{index:04d}.png", to_uint8(scene.filmed(index)))
        for name, keys, paint in (
            ("the key warped along the flow", (0,), _warped),
            ("each frame by Deep Image Analogy", (0,), _analogy),
            ("patches, each frame by itself", (0,), _alone),
            ("keys", (0,), _keys),
            ("keys", (0, last), _keys),
            ("keys", (0, last // 2, last), _keys),
            ("a student", (0,), _student),
            ("a student", (0, last // 2, last), _student),
        ):
            work = folder / f"{name}{len(keys)}"
            work.mkdir()
            for key in keys:
                write_picture(work / f"{key}.png", to_uint8(scene.truth(key)))
            began = time.perf_counter()
            frames = paint(setting, scene, clip, work, keys)
            seconds = (time.perf_counter() - began) / scene.count
            rows.append((name, len(keys), *_measured(scene, frames, keys), seconds))
            chosen = [frames[each] for each in (0, last // 4, last // 2, 3 * last // 4, last)]
            setting.keep(f"{name}_{len(keys)}.png".replace(" ", "_"), chosen)
    truths = [scene.truth(each) for each in (0, last // 4, last // 2, 3 * last // 4, last)]
    setting.keep("truth.png", truths)
    told = f"{scene.count} frames of {scene.size[1]}x{scene.size[0]}, {setting.features} features"
    return [Table("keys: against the truth", COLUMNS, rows, [told])]


def _keys(
    setting: Setting, scene: Scene, clip: Path, work: Path, keys: Sequence[int], **more: Any
) -> list[Tensor]:
    out = work / "out"
    known = {spec.name for spec in fields(KeysOptions)}
    asked = {name: value for name, value in setting.options.items() if name in known}
    settings = {"features": setting.features, "device": setting.device, **asked, **more}
    vidstyle.paint("keys", clip, [], out, keys=str(work), cuts=False, notice=say, **settings)
    return _frames_in(out)


def _frames_in(folder: Path) -> list[Tensor]:
    return [to_float(read_picture(path)[0]) for path in sorted(folder.iterdir())]


def _student(setting: Setting, scene: Scene, clip: Path, work: Path, keys: Sequence[int]) -> list[Tensor]:
    return _keys(setting, scene, clip, work, keys, by="student", steps=_STEPS)


def _analogy(setting: Setting, scene: Scene, clip: Path, work: Path, keys: Sequence[int]) -> list[Tensor]:
    """The painted key frame as the exemplar of every frame; the key frame itself as it is."""
    settings = {"features": setting.features, "device": setting.device, "route": "warp", "independent": True}
    out = vidstyle.analogy(clip, work / f"{keys[0]}.png", work / "out", cuts=False, notice=say, **settings)
    frames = _frames_in(out)
    frames[keys[0]] = to_float(to_uint8(scene.truth(keys[0])))
    return frames


def _alone(setting: Setting, scene: Scene, clip: Path, work: Path, keys: Sequence[int]) -> list[Tensor]:
    """Patches alone: no frame knows of another."""
    return _keys(setting, scene, clip, work, keys, flow="none", position_weight=0.0, previous_weight=0.0)


def _warped(setting: Setting, scene: Scene, clip: Path, work: Path, keys: Sequence[int]) -> list[Tensor]:
    """The first key frame, moved along the flow from frame to frame; what comes into view is stretched."""
    estimator, places = ESTIMATORS["dis"], at_start(*scene.size)
    filmed = [read_picture(path)[0] for path in sorted(clip.iterdir())]
    key = scene.truth(keys[0])
    frames = [key]
    for before, after in itertools.pairwise(filmed):
        places = followed(places, torch.from_numpy(estimator(after, before)))
        frames.append(seen(key, places, 3))
    return frames


def _measured(scene: Scene, frames: Sequence[Tensor], keys: Sequence[int]) -> tuple[float, ...]:
    """In the order of the columns. Unsteadiness: how much the error changes from frame to frame."""
    errors = [frame - scene.truth(index) for index, frame in enumerate(frames)]
    known, new, steady, warping, least = [], [], [], [], []
    for index, error in enumerate(errors):
        shown = scene.shown(index, keys).expand_as(error)
        known.append(float(error[shown].abs().mean()))
        if not bool(shown.all()):
            new.append(float(error[~shown].abs().mean()))
        if index:
            vectors, same = scene.flow(index)
            for found, pair in (
                (warping, (frames[index], frames[index - 1])),
                (least, (scene.truth(index), scene.truth(index - 1))),
            ):
                found.append(warping_error(*pair, vectors, same))
            there = warp(errors[index - 1], vectors, "bilinear")
            steady.append(float((error - there)[same.expand_as(error)].abs().mean()))
    exact = min(psnr(frames[key], to_float(to_uint8(scene.truth(key)))) for key in keys)
    distance = fmean(float(error.abs().mean()) for error in errors)
    return (
        *(100 * x for x in (distance, fmean(known), fmean(new) if new else math.nan, fmean(steady))),
        fmean(warping) / fmean(least),
        exact,
    )
