"""Peak memory and seconds per step of large stills, judged whole and in tiles.

    cd scripts; python -m benchmarks.tiles STILL STYLE OUT '{"size": 1280, "tile_size": 512, ...}'

paints one still, with these settings of vidstyle.stylize, and prints its figures; `run` starts this in a
process of its own for each.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.optim  # takes seconds, which are no step's
from safetensors.torch import save_file
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, SCRIPTS, Setting, Table, peak_memory, say
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.methods import neural
from vidstyle.optimize import Minimum
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip

# Longest side, and that of the tiles: 0 is none, None what a run takes by itself.
CASES: tuple[tuple[int, int | None], ...] = ((1280, 0), (1280, 512), (1920, 512), (3840, None))
PRECISIONS = ("float32", "bfloat16")
STEPS = 2
COLUMNS = ("features", "longest side", "tiles", "network in", "peak, MB", "s per step", "s in all")
_FULL = "VGG-19's width"


def run(setting: Setting, cases: tuple[tuple[int, int | None], ...] = CASES) -> list[Table]:
    """With the features of the setting, and with random ones that have as many channels as VGG-19."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        still, full = folder / "still.png", folder / "full.safetensors"
        frames = open_clip(setting.clip or SAMPLES / "valley.mp4").frames(0, 1)
        write_picture(still, next(iter(frames)).pixels)
        save_file(_full_weights(), full)
        rows = []
        for name, features in ((setting.features, setting.features), (_FULL, str(full))):
            for size, tile in cases:
                for precision in PRECISIONS:
                    asked = {"size": size, "tile_size": tile, "precision": precision, "features": features}
                    found = _apart(still, folder / "out.png", setting, asked)
                    words = {0: "none", None: "auto"}.get(tile, tile)
                    rows.append((name, size, words, precision, found["peak"], found["step"], found["all"]))
                    say(f"{rows[-1]}")
    notes = [f"{STEPS} steps at the full size; each adds 24 bytes a pixel until L-BFGS has all its pairs"]
    return [Table("tiles: a still, enlarged; processor seconds", COLUMNS, rows, notes)]


def _apart(still: Path, output: Path, setting: Setting, asked: dict[str, Any]) -> dict[str, float]:
    """The figures of a run in a process of its own."""
    settings = {**setting.settings(steps=STEPS, overwrite=True, restart=True), **asked}
    command = [sys.executable, "-m", "benchmarks.tiles", str(still), str(setting.style), str(output)]
    done = subprocess.run([*command, json.dumps(settings)], cwd=SCRIPTS, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"painting with {asked} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _full_weights() -> dict[str, Tensor]:
    """VGG-19's sixteen convolutions, seeded: memory and time do not depend on what they respond to."""
    generator = torch.Generator().manual_seed(0)
    tensors, incoming = {}, 3
    for suffix, index in CONV_INDEX.items():
        channels = (64, 128, 256, 512, 512)[int(suffix[0]) - 1]
        filters = torch.randn(channels, incoming, 3, 3, generator=generator)
        tensors[f"features.{index}.weight"] = filters * (2 / (9 * incoming)) ** 0.5
        tensors[f"features.{index}.bias"] = torch.zeros(channels)
        incoming = channels
    return tensors


def _timed(minimise: Callable[..., Minimum], seconds: list[float]) -> Callable[..., Minimum]:
    """The same, noting the processor seconds of a step: the last entry is that of the full size."""

    def timed(*arguments: Any, steps: int, **settings: Any) -> Minimum:
        started = time.process_time()
        found = minimise(*arguments, steps=steps, **settings)
        seconds.append((time.process_time() - started) / max(1, found.steps))
        return found

    return timed


def main(still: str, style: str, output: str, settings: str) -> None:
    seconds: list[float] = []
    neural.minimise = _timed(neural.minimise, seconds)  # type: ignore[attr-defined]
    vidstyle.stylize(still, style, output, notice=say, **json.loads(settings))
    print(json.dumps({"peak": peak_memory(), "step": seconds[-1], "all": time.process_time()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
