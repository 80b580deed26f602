"""The network in bfloat16 against float32: the same frame, the same seed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.common import Clock, Judge, Setting, Table, say, scaled_frames
from vidstyle.image.convert import to_uint8
from vidstyle.metrics import psnr
from vidstyle.video.pictures import write_picture

PRECISIONS = ("float32", "bfloat16")


def run(setting: Setting) -> list[Table]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plans = {precision: setting.plan(folder, precision=precision) for precision in PRECISIONS}
        plan = plans["float32"]
        content = plan.on_device(scaled_frames(plan, 1)[0])
        judge = Judge(setting, folder)
    clock = Clock(plan.device)
    pictures: dict[str, Tensor] = {}
    rows = []
    for _ in range(setting.repeats):  # by turns, so that both meet the same machine
        for precision in PRECISIONS:
            method = plans[precision].prepare(say)
            with clock(precision):
                painted = method.paint(content, [], seed=0)
            pictures[precision] = painted.image
    for precision, image in pictures.items():
        losses = judge(image, content)
        rows.append((precision, clock.least(precision), losses["total"], losses["style"], losses["content"]))
    exact, coarse = (pictures[precision] for precision in PRECISIONS)
    off = (exact - coarse).abs() * 255
    notes = [
        f"difference in grey levels of 255: mean {off.mean():.2f}, largest {off.max():.0f}; "
        f"PSNR {psnr(coarse, exact):.1f} dB"
    ]
    if setting.out:
        setting.out.mkdir(parents=True, exist_ok=True)
        path = setting.out / "precision.png"
        write_picture(path, to_uint8(torch.cat([exact, coarse], dim=2)))
        notes.append(f"{path}: float32 left, bfloat16 right")
    title = f"precision: first frame at {plan.width}x{plan.height}, {plan.weights.source.kind} features"
    return [Table(title, ("network in", "s", "loss in float32", "of it style", "of it content"), rows, notes)]
