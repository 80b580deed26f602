"""Peak memory and seconds per step of large stills, looked at whole and in tiles."""

from __future__ import annotations

import itertools

from samples.weights import write_weights

from benchmarks.apart import figures
from benchmarks.common import Setting, Table, say, scratch
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip

# Longest side, and that of the tiles: 0 is none, None what a run takes by itself.
CASES: tuple[tuple[int, int | None], ...] = ((1280, 0), (1280, 512), (1920, 512), (3840, None))
PRECISIONS = ("float32", "bfloat16")
STEPS = 2
COLUMNS = ("features", "longest side", "tiles", "network in", "peak, MB", "s per step", "s in all")


def run(setting: Setting, cases: tuple[tuple[int, int | None], ...] = CASES) -> list[Table]:
    """With the features of the setting, and with random ones that have as many channels as VGG-19."""
    with scratch() as folder:
        still, full = folder / "still.png", folder / "full.safetensors"
        write_picture(still, next(iter(open_clip(setting.source).frames(0, 1))).pixels)
        write_weights(full, [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8)
        features = {setting.features: setting.features, "VGG-19's width": str(full)}
        rows = []
        for (name, file), (size, tile), precision in itertools.product(features.items(), cases, PRECISIONS):
            asked = {"size": size, "tile_size": tile, "precision": precision, "features": file}
            settings = setting.settings(steps=STEPS, overwrite=True, restart=True) | asked
            found = figures(still, setting.style, folder / "out.png", settings)
            words = {0: "none", None: "auto"}.get(tile, tile)
            rows.append((name, size, words, precision, found["peak"], found["step"], found["processor"]))
            say(f"{rows[-1]}")
    notes = [f"{STEPS} steps at the full size; each adds 24 bytes a pixel until L-BFGS has all its pairs"]
    return [Table("tiles: a still, enlarged; processor seconds", COLUMNS, rows, notes)]
