"""Filling against the truth: rendered clips of which it is known what is behind, and holes in photographs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
import numpy as np
import torch
from samples import truth
from samples.world import picture
from torch import Tensor

import vidstyle
from benchmarks.balance import subjects
from benchmarks.common import Setting, Table, say, scratch
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.metrics import warping_error
from vidstyle.video.pictures import read_picture, write_picture

CLIP_COLUMNS = ("way", "PSNR in the hole, dB", "warping error in the hole, % of range", "s per frame")
PHOTO_COLUMNS = ("way", "PSNR in the hole, dB", "seconds")
_COUNTS = 40, 24  # frames, photographs
_EVERY = 10  # of which frames there are masks where only some have one
_GREY = 0.5
_INPAINT = {"Telea": cv2.INPAINT_TELEA, "Navier-Stokes": cv2.INPAINT_NS}
_RADIUS = 5  # pixels, of cv2.inpaint


@dataclass(frozen=True, eq=False)
class Scene:
    """Frames with holes and without, float32 (3, H, W) in [0, 1]; holes bool (1, H, W), what is to be filled.

    bare: the world whose flow is that of what is behind. first: its frame that is the first of these.
    """

    name: str
    bare: str
    first: int
    seen: Sequence[Tensor]
    truth: Sequence[Tensor]
    holes: Sequence[Tensor]


def run(setting: Setting) -> list[Table]:
    """40 frames by default, and where --clip names a folder of photographs 24 of them, at 320 pixels."""
    count = setting.frames or _COUNTS[0]
    tables = [clip_table(setting, scene) for scene in (_balloon(count), _valley(count))]
    if setting.clip is not None:
        tables.append(photo_table(setting))
    return tables


def _balloon(count: int) -> Scene:
    """A balloon before a village, in the middle of its way."""
    whole, bare = truth.world("passing"), truth.world("without balloon")
    frames = range((whole.frames - count) // 2, (whole.frames - count) // 2 + count)
    covered = tuple(truth.COLOURS["balloon"])
    seen, behind = ([_rendered(world, each) for each in frames] for world in (whole, bare))
    # Pixels of its edge are of both.
    holes = [
        _grown(torch.from_numpy((truth.labels("passing", each) == covered).all(2))[None]) for each in frames
    ]
    return Scene("a balloon before a village", "without balloon", frames[0], seen, behind, holes)


def _valley(count: int) -> Scene:
    """A hole that stays in its place, in a picture that moves."""
    frames = [_rendered(truth.world("valley"), each) for each in range(count)]
    hole = _ellipse(frames[0].shape[1:], 0.45, 0.62, 0.11, 0.2)
    seen = [torch.where(hole, _GREY, frame) for frame in frames]
    return Scene("a hole before a valley", "valley", 0, seen, frames, [hole] * count)


def _rendered(world: Any, frame: int) -> Tensor:
    return torch.from_numpy(picture(world, frame).transpose(2, 0, 1)).contiguous()


def _grown(mask: Tensor) -> Tensor:
    return torch.nn.functional.max_pool2d(mask[None].float(), 3, 1, 1)[0] > 0


def _ellipse(size: Sequence[int], x: float, y: float, across: float, down: float) -> Tensor:
    """Centre and half axes in widths and heights."""
    rows, columns = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    off = ((columns / size[1] - x) / across).square() + ((rows / size[0] - y) / down).square()
    return (off < 1)[None]


def clip_table(setting: Setting, scene: Scene) -> Table:
    rows = []
    with scratch() as folder:
        masks = [hole.float().expand(3, -1, -1) for hole in scene.holes]
        for name, pictures, step in (("seen", scene.seen, 1), ("masks", masks, 1), ("some", masks, _EVERY)):
            (folder / name).mkdir()
            for number, each in list(enumerate(pictures))[::step]:
                write_picture(folder / name / f"{number:04}.png", to_uint8(each))
        ways: dict[str, Callable[[], list[Tensor]]] = {
            "a mask for every frame": partial(_filled, setting, folder, "masks"),
            "one mask": partial(_filled, setting, folder, "masks/0000.png"),
            f"a mask for every {_EVERY}th frame": partial(_filled, setting, folder, "some"),
            "patches, frame by frame": partial(_filled, setting, folder, "masks", sources=False),
        }
        for name, flag in _INPAINT.items():
            ways[f"cv2.inpaint ({name}), frame by frame"] = partial(_inpainted, scene, flag)
        ways["the truth"] = lambda: list(scene.truth)
        if torch.equal(scene.holes[0], scene.holes[-1]):
            del ways["one mask"], ways[f"a mask for every {_EVERY}th frame"]
        for way, fill in ways.items():
            began = time.perf_counter()
            frames = fill()
            seconds = (time.perf_counter() - began) / len(frames)
            rows.append((way, _psnr(frames, scene), 100 * _unsteady(frames, scene), seconds))
            shown = [frames[len(frames) * part // 4] for part in range(4)]
            setting.keep(f"{scene.name} {way}.png".replace(" ", "_"), shown)
    height, width = scene.seen[0].shape[1:]
    return Table(f"fill: {scene.name}", CLIP_COLUMNS, rows, [f"{len(scene.seen)} frames of {width}x{height}"])


def _filled(setting: Setting, folder: Path, masks: str, **more: Any) -> list[Tensor]:
    out = folder / f"{Path(masks).stem}{len(more)}"
    settings = {"device": setting.device, "hole": str(folder / masks), "grow": 1, "cuts": False, **more}
    vidstyle.paint("fill", folder / "seen", [], out, notice=say, **settings)
    return [to_float(read_picture(path)[0]) for path in sorted(out.iterdir())]


def _inpainted(scene: Scene, flag: int) -> list[Tensor]:
    return [_by_opencv(seen, hole, flag) for seen, hole in zip(scene.seen, scene.holes, strict=True)]


def _by_opencv(seen: Tensor, hole: Tensor, flag: int) -> Tensor:
    grown = _grown(hole)[0].numpy().astype(np.uint8)
    made = cv2.inpaint(np.ascontiguousarray(to_uint8(seen).transpose(1, 2, 0)), grown, _RADIUS, flag)
    return to_float(made.transpose(2, 0, 1))


def _psnr(frames: Sequence[Tensor], scene: Scene) -> float:
    """Of all holes together."""
    errors = [
        (made - true)[:, hole[0]].square()
        for made, true, hole in zip(frames, scene.truth, scene.holes, strict=True)
    ]
    return _decibels(torch.cat([each.flatten() for each in errors]))


def _decibels(squares: Tensor) -> float:
    error = float(squares.mean())
    return -10 * math.log10(error) if error else math.inf


def _unsteady(frames: Sequence[Tensor], scene: Scene) -> float:
    """Root of the mean warping error of holes, along the true motion of what is behind."""
    found = []
    for number in range(len(frames) - 1):
        vectors, visible = truth.flow(scene.bare, scene.first + number, scene.first + number + 1)
        mask = torch.from_numpy(visible)[None] & scene.holes[number]
        if bool(mask.any()):
            error = warping_error(frames[number], frames[number + 1], torch.from_numpy(vectors), mask)
            found.append(error)
    return fmean(found) ** 0.5 if found else math.nan


def photo_table(setting: Setting) -> Table:
    """Holes of several shapes in photographs, one for each."""
    sized = Setting(clip=setting.clip, size=setting.size or 320)
    pictures = [subject for _, subject in subjects(sized, setting.frames or _COUNTS[1])]
    holes = [
        _ellipse(each.shape[1:], *_SHAPES[number % len(_SHAPES)]) for number, each in enumerate(pictures)
    ]
    rows = []
    with scratch() as folder:
        ways: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "patches": partial(_one_filled, setting, folder, "patches"),
            "diffusion": partial(_one_filled, setting, folder, "diffusion"),
            **{f"cv2.inpaint ({name})": partial(_by_opencv, flag=flag) for name, flag in _INPAINT.items()},
        }
        made: dict[str, list[Tensor]] = {}
        for way, fill in ways.items():
            began = time.perf_counter()
            made[way] = [
                fill(torch.where(hole, _GREY, each), hole) for each, hole in zip(pictures, holes, strict=True)
            ]
            seconds = (time.perf_counter() - began) / len(pictures)
            found = [
                _decibels((one - true)[:, hole[0]].square())
                for one, true, hole in zip(made[way], pictures, holes, strict=True)
            ]
            rows.append((way, fmean(found), seconds))
    for number, (each, hole) in enumerate(zip(pictures, holes, strict=True)):
        setting.keep(
            f"photo_{number:02}.png",
            [torch.where(hole, _GREY, each), *(ones[number] for ones in made.values())],
        )
    return Table(f"fill: holes in {len(pictures)} photographs", PHOTO_COLUMNS, rows)


_SHAPES = ((0.5, 0.5, 0.14, 0.2), (0.35, 0.6, 0.25, 0.12), (0.6, 0.45, 0.1, 0.35), (0.5, 0.7, 0.2, 0.25))
"""Centre and half axes of the holes, in widths and heights of the picture."""


def _one_filled(setting: Setting, folder: Path, by: str, seen: Tensor, hole: Tensor) -> Tensor:
    write_picture(folder / "seen.png", to_uint8(seen))
    write_picture(folder / "mask.png", to_uint8(hole.float().expand(3, -1, -1)))
    out = folder / "out.png"
    settings = {"device": setting.device, "hole": str(folder / "mask.png"), "grow": 1, "by": by}
    vidstyle.paint("fill", folder / "seen.png", [], out, notice=say, overwrite=True, restart=True, **settings)
    return to_float(read_picture(out)[0])
