"""Textures: how long they take, whether tiles fit, and whether a video texture closes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

import vidstyle
from benchmarks.apart import peak_memory
from benchmarks.common import MIXED, Clock, Setting, Table, say, scratch
from vidstyle.device import pick_device
from vidstyle.image.convert import to_float
from vidstyle.video.reader import open_clip


def run(setting: Setting) -> list[Table]:
    """At `setting.size` pixels squared, 256 by default; a clip of `setting.frames`, 16, at half of that."""
    side, clock = setting.size or 256, Clock(pick_device(setting.device))
    with scratch() as folder:
        rows = []
        for loss in MIXED:
            seams = []
            for tile in (False, True):
                out = folder / f"{loss}_{tile}.png"
                with clock(f"{loss} {tile}"):
                    _make(setting, out, size=str(side), loss=loss, tile=tile)
                seams.append(_seam(_frames(out)[0]))
            rows.append((loss, clock.total(f"{loss} False"), clock.total(f"{loss} True"), *seams))
        columns = ("loss", "texture, s", "tile, s", "seam of the texture", "seam of the tile")
        notes = ["seam: energy across opposite borders as a share of that inside"]
        notes.append(f"peak memory {peak_memory():.0f} MB")
        stills = Table(f"texture: {side}x{side}, {setting.features} features", columns, rows, notes)
        return [stills, _clip(setting, folder, max(16, side // 2), clock)]


def _clip(setting: Setting, folder: Path, side: int, clock: Clock) -> Table:
    count, rows = setting.frames or 16, []
    for loss in ("gram", "patch"):
        out = folder / f"{loss}.mkv"
        with clock(f"{loss} clip"):
            _make(setting, out, size=str(side), loss=loss, frames=count, codec="ffv1")
        frames = _frames(out)
        changes = [float((a - b).square().mean()) for a, b in pairwise([*frames, frames[0]])]
        sharpness = [
            float(torch.diff(frame, dim=2).square().mean()) for frame in (frames[0], frames[count // 2])
        ]
        mean = sum(changes[:-1]) / max(1, len(changes) - 1)
        rows.append(
            (loss, clock.total(f"{loss} clip") / count, mean, changes[-1] / mean, sharpness[1] / sharpness[0])
        )
    columns = ("loss", "s per frame", "change per frame", "of it at the seam, ×", "sharpness halfway, ×")
    return Table(f"video texture: {side}x{side}, {count} frames", columns, rows)


def _make(setting: Setting, out: Path, **more: object) -> None:
    same = {name: value for name, value in setting.settings(**more).items() if value is not None}
    vidstyle.texture(setting.style, out, notice=say, **same)


def _frames(path: Path) -> list[Tensor]:
    return [to_float(frame.pixels) for frame in open_clip(path).frames()]


def _seam(image: Tensor) -> float:
    """Mean squared step from each border to the opposite one, as a share of the steps elsewhere."""
    across, inside = [], []
    for dim in (1, 2):
        steps = (image.roll(-1, dims=dim) - image).square().transpose(0, dim).flatten(1).mean(dim=1)
        across.append(float(steps[-1]))
        inside.append(float(steps[:-1].mean()))
    return sum(across) / sum(inside)
