"""What a whole run takes, on clips of two lengths: memory, files and threads must not grow with the clip."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from samples.encode import write_clip, write_picture
from samples.weights import write_weights

from benchmarks.apart import figures
from benchmarks.common import Setting, Table, scratch

SIZE = (64, 36)
LENGTHS = (100, 3000)
COLUMNS = (
    "frames",
    "MB after imports",
    "peak, MB",
    "open files",
    "threads",
    "bytes per pixel",
    "s per frame",
)


def run(setting: Setting, lengths: tuple[int, ...] = LENGTHS) -> list[Table]:
    with scratch() as folder:
        weights, style = folder / "thin.safetensors", folder / "style.jpg"
        # Of eight channels: memory of the run itself, not of the network.
        write_weights(weights, [8] * 8)
        write_picture(style, next(_pictures(1)))
        settings = {"features": str(weights), "device": setting.device, "steps": 1, "next_steps": 1}
        # Pictures this small are painted faster by one thread.
        environment = {"OMP_NUM_THREADS": "1", "VIDSTYLE_CACHE": str(folder / "cache")}
        rows = []
        for length in lengths:
            clip = folder / f"{length}.mp4"
            write_clip(clip, _pictures(length))
            found = figures(clip, style, folder / f"painted{length}.mp4", settings, **environment)
            disk = found["disk"] / (length * SIZE[0] * SIZE[1])
            each = (found[name] for name in ("before", "peak", "files", "threads"))
            rows.append((length, *each, disk, found["wall"] / length))
    ratio = rows[-1][2] / rows[0][2]
    notes = [f"peak of {lengths[-1]} frames / peak of {lengths[0]} frames: {ratio:.3f}"]
    return [Table(f"memory: {SIZE[0]}x{SIZE[1]}, one step per frame, thin network", COLUMNS, rows, notes)]


def _pictures(count: int) -> Iterator[np.ndarray]:
    """A texture that moves by a pixel per frame: float32 (H, W, 3) in [0, 1]."""
    width, height = SIZE
    coarse = torch.rand(1, 3, 9, 16, generator=torch.Generator().manual_seed(1))
    texture = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    picture = texture[0].permute(1, 2, 0).numpy()
    return (np.roll(picture, frame, axis=1) for frame in range(count))
