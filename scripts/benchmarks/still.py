"""What repeated warping does to a shot in which nothing moves, and what its frames cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from benchmarks.common import Setting, Table, paint, scaled_frames, scratch
from vidstyle.metrics import gradient_energy
from vidstyle.video.pictures import write_picture

# Deviation of the grain, in levels of 255. None at all is a slide or an animation's held drawing.
GRAIN = {"still": 0.0, "still with grain": 1.0}
COLUMNS = (
    "shot",
    "frames",
    "largest change of a mean colour, % of range",
    "gradient energy, last / first",
    "s per frame",
    "of a moving shot's",
)


def run(setting: Setting) -> list[Table]:
    count = setting.frames or 200
    rows: list[tuple[object, ...]] = []
    with scratch() as folder:
        frame = scaled_frames(setting.plan(folder), 1)[0]
        seconds, painted, _ = paint(setting, folder / "moving", min(count, 24), {})
        moving = seconds / len(painted)
        rows.append(("moving", len(painted), "", "", moving, 1.0))
        for name, grain in GRAIN.items():
            shot = folder / name
            shot.mkdir()
            random = np.random.default_rng(0)
            for index in range(count):
                noisy = frame.pixels + random.normal(0, grain, frame.pixels.shape)
                write_picture(shot / f"{index:04d}.png", np.clip(noisy.round(), 0, 255).astype("u1"))
            held = replace(setting, clip=shot)
            seconds, painted, _ = paint(held, folder / f"{name} painted", count, {"cuts": False})
            each = seconds / count
            rows.append((name, count, *_drift(painted), each, each / moving))
    return [Table(f"still: {setting.features} features", COLUMNS, rows)]


def _drift(painted: list[Tensor]) -> tuple[float, float]:
    """Largest change of a mean colour since the first frame, percent; gradient energy, last to first."""
    means = [image.mean(dim=(1, 2)) for image in painted]
    change = max(float((mean - means[0]).abs().max()) for mean in means)
    return 100 * change, gradient_energy(painted[-1]) / gradient_energy(painted[0])
