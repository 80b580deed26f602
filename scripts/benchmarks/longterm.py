"""Whether what was hidden for a while comes back as it looked: long-term consistency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from samples import truth
from torch import Tensor

from benchmarks.common import SAMPLES, Setting, Table, paint, scratch
from vidstyle.image.warp import warp

CLIP = "passing"
# Frame before and frame after: the balloon hides a sixth of the scene in between, for 2 to 17 frames.
BEFORE, AFTER = 6, 30
WAYS: dict[str, dict[str, object]] = {
    "short-term only": {"history": (1,)},
    "history 1,2,4": {"history": (1, 2, 4)},
    "history 1,8,16": {"history": (1, 8, 16)},
    "default: 1,10,20,40": {},
}
COLUMNS = ("way", "hidden meanwhile: difference", "never hidden: difference", "s per frame")


def run(setting: Setting) -> list[Table]:
    vectors, hidden, seen = _what_was_hidden()
    rows = []
    with scratch() as folder:
        for number, (way, changes) in enumerate(WAYS.items()):
            of_clip = replace(setting, clip=SAMPLES / f"{CLIP}.mp4", size=None)
            seconds, painted, _ = paint(of_clip, folder / str(number), AFTER + 1, changes)
            change = (painted[AFTER] - warp(painted[BEFORE], vectors)).abs().mean(0)
            figures = [float(change[mask].mean()) for mask in (hidden, seen)]
            rows.append((way, *figures, seconds / len(painted)))
    notes = [
        f"{CLIP}, frame {AFTER} against frame {BEFORE} along the exact flow: mean absolute difference, in "
        f"[0, 1], where the balloon hid the scene in between ({float(hidden.float().mean()):.0%} of the "
        "picture) and where it did not"
    ]
    return [Table(f"longterm: {setting.features} features", COLUMNS, rows, notes)]


def _what_was_hidden() -> tuple[Tensor, Tensor, Tensor]:
    """Exact flow from AFTER to BEFORE (2, H, W); what both show: hidden in between, never hidden, (H, W)."""
    vectors, both = truth.flow(CLIP, AFTER, BEFORE)
    hidden = np.zeros_like(both)
    rows, columns = np.mgrid[: both.shape[0], : both.shape[1]]
    for frame in range(BEFORE + 1, AFTER):
        (dx, dy), visible = truth.flow(CLIP, AFTER, frame)
        x, y = columns + dx, rows + dy
        inside = (x >= 0) & (x <= both.shape[1] - 1) & (y >= 0) & (y <= both.shape[0] - 1)
        hidden |= inside & ~visible
    return torch.from_numpy(vectors), torch.from_numpy(both & hidden), torch.from_numpy(both & ~hidden)
