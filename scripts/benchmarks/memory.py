"""What a whole run takes, on clips of two lengths: memory, files and threads must not grow with the clip.

    cd scripts; python -m benchmarks.memory CLIP STYLE OUT WEIGHTS DEVICE

paints one clip and prints its figures; `run` starts this in a process of its own for each length.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from samples.encode import write_clip, write_picture

import vidstyle
from benchmarks.common import SCRIPTS, Setting, Table, peak_memory
from vidstyle.events import Progress
from vidstyle.features.convolutions import CONV_INDEX

SIZE = (64, 36)
LENGTHS = (100, 3000)


def run(setting: Setting, lengths: tuple[int, ...] = LENGTHS) -> list[Table]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        weights, style = folder / "thin.safetensors", folder / "style.jpg"
        save_file(_thin_weights(), weights)
        write_picture(style, next(_pictures(1)))
        rows = []
        for length in lengths:
            clip = folder / f"{length}.mp4"
            write_clip(clip, _pictures(length))
            command = [sys.executable, "-m", "benchmarks.memory"]
            command += [str(p) for p in (clip, style, folder / f"painted{length}.mp4", weights)]
            # Pictures this small are painted faster by one thread.
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "VIDSTYLE_CACHE": str(folder / "cache")}
            done = subprocess.run(
                [*command, setting.device], cwd=SCRIPTS, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"painting {length} frames failed:\n{done.stderr}")
            figures = json.loads(done.stdout)
            disk = figures["disk"] / (length * SIZE[0] * SIZE[1])
            each = (figures["before"], figures["peak"], figures["files"], figures["threads"], disk)
            rows.append((length, *each, figures["seconds"] / length))
    ratio = rows[-1][2] / rows[0][2]
    notes = [f"peak of {lengths[-1]} frames / peak of {lengths[0]} frames: {ratio:.3f}"]
    columns = (
        "frames",
        "MB after imports",
        "peak, MB",
        "open files",
        "threads",
        "bytes per pixel",
        "s per frame",
    )
    return [Table(f"memory: {SIZE[0]}x{SIZE[1]}, one step per frame, thin network", columns, rows, notes)]


def _thin_weights() -> dict[str, torch.Tensor]:
    """Eight convolutions of eight channels, seeded: memory of the run itself, not of the network."""
    generator = torch.Generator().manual_seed(0)
    tensors, incoming = {}, 3
    for index in list(CONV_INDEX.values())[:8]:
        tensors[f"features.{index}.weight"] = torch.randn(8, incoming, 3, 3, generator=generator) * 0.2
        tensors[f"features.{index}.bias"] = torch.zeros(8)
        incoming = 8
    return tensors


def _pictures(count: int) -> Iterator[np.ndarray]:
    """A texture that moves by a pixel per frame: float32 (H, W, 3) in [0, 1]."""
    width, height = SIZE
    coarse = torch.rand(1, 3, 9, 16, generator=torch.Generator().manual_seed(1))
    texture = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    picture = texture[0].permute(1, 2, 0).numpy()
    return (np.roll(picture, frame, axis=1) for frame in range(count))


def _child(clip: str, style: str, output: str, weights: str, device: str) -> dict[str, float]:
    before, started = peak_memory(), time.perf_counter()
    settings = {"features": weights, "device": device, "steps": 1, "next_steps": 1}
    watch = _Watch(Path(f"{output}.vidstyle"))
    vidstyle.stylize(clip, style, output, **settings, progress=watch)
    seconds = time.perf_counter() - started
    most = {"files": watch.files, "threads": watch.threads, "disk": watch.disk}
    return {"before": before, "peak": peak_memory(), "seconds": seconds, **most}


class _Watch:
    """The most open files and threads of this process at any frame, and bytes in the job directory.

    Linux tells of the former two; elsewhere they stay 0.
    """

    def __init__(self, job: Path) -> None:
        self.job, self.files, self.threads, self.disk = job, 0, 0, 0

    def __call__(self, event: Progress) -> None:
        own = Path("/proc/self")
        if own.exists():
            self.files = max(self.files, sum(1 for _ in (own / "fd").iterdir()))
            self.threads = max(self.threads, sum(1 for _ in (own / "task").iterdir()))
        if event.phase == "encode" and event.done == 1:  # painted, and nothing given back yet
            self.disk = sum(path.stat().st_size for path in self.job.rglob("*") if path.is_file())


if __name__ == "__main__":
    print(json.dumps(_child(*sys.argv[1:])))
