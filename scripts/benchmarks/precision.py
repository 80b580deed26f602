"""The network in bfloat16 against float32: the same frame, the same seed."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.common import Clock, PaintingLoss, Setting, Table, first_frame, painter, scratch
from vidstyle.metrics import psnr

PRECISIONS = ("float32", "bfloat16")
NUDGED = "float32, input nudged"
COLUMNS = (
    "network in",
    "s",
    "loss in float32",
    "of it style",
    "of it content",
    "grey levels off, mean",
    "most",
    "PSNR, dB",
)


def run(setting: Setting) -> list[Table]:
    with scratch() as folder:
        plans = {precision: setting.plan(folder, precision=precision) for precision in PRECISIONS}
        plan = plans["float32"]
        content = first_frame(plan)
        loss_at = PaintingLoss(setting, folder)
    clock = Clock(plan.canvas.device)
    jitter = torch.rand(content.shape, generator=torch.Generator().manual_seed(1)).to(content.device)
    subjects = {
        "float32": ("float32", content),
        "bfloat16": ("bfloat16", content),
        NUDGED: ("float32", (content + (jitter - 0.5) / 255).clamp(0, 1)),
    }
    pictures: dict[str, Tensor] = {}
    for _ in range(setting.repeats):  # by turns, so that all meet the same machine
        for name, (precision, subject) in subjects.items():
            method = painter(plans[precision])
            with clock(name):
                pictures[name] = method.paint(subject, [], seed=0).image
    exact = pictures["float32"]
    rows = []
    for name, image in pictures.items():
        losses, off = loss_at(image, content), (image - exact).abs() * 255
        terms = (losses[term] for term in ("total", "style", "content"))
        rows.append(
            (name, clock.least(name), *terms, float(off.mean()), float(off.max()), psnr(image, exact))
        )
    notes = [f"{NUDGED}: every value by at most half a grey level, to tell how far any small change goes"]
    if path := setting.keep("precision.png", [exact, pictures["bfloat16"]]):
        notes.append(f"{path}: float32 left, bfloat16 right")
    size = f"{plan.canvas.width}x{plan.canvas.height}"
    title = f"precision: first frame at {size}, {plan.engine.weights.source.kind} features"
    return [Table(title, COLUMNS, rows, notes)]
