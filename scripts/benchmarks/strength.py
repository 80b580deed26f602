"""Whether --strength is even: how the losses and the picture change from one strength to the next."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from benchmarks.common import SAMPLES, PaintingLoss, Setting, Table, first_frame, painter, scratch
from vidstyle.features.vgg import VGG

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
PAIRS = (("valley", "strokes"), ("passing", "woodcut"), ("cut", "watercolour"))
LAYERS = ("relu1_1", "relu2_1", "relu3_1")
COLUMNS = ("strength", "style loss", "content loss", "change of the pixels", "step from the strength before")


def run(setting: Setting) -> list[Table]:
    """The first frame of three clips, each in another style, or of the one that `setting` names.

    At `setting.size`, 160 pixels by default.
    """
    setting = replace(setting, size=setting.size or 160)
    pairs = [replace(setting, clip=SAMPLES / f"{a}.mp4", style=SAMPLES / f"{b}.jpg") for a, b in PAIRS]
    found = [_painted(each) for each in (pairs if setting.clip is None else [setting])]
    rows = []
    for place, strength in enumerate(STRENGTHS):
        figures = torch.tensor([each[place] for each in found]).mean(dim=0).tolist()
        rows.append((strength, *figures))
    steps = [row[-1] for row in rows[1:]]
    notes = [
        "losses without weights, means over the pictures; step: mean distance of the features of layers "
        f"{', '.join(LAYERS)}, relative to their size",
        f"largest step over smallest: {max(steps) / min(steps):.2f}",
    ]
    return [Table(f"strength: {setting.features} features", COLUMNS, rows, notes)]


def _painted(setting: Setting) -> list[tuple[float, ...]]:
    """The figures of COLUMNS, but the first, at every strength."""
    with scratch() as folder:
        loss_at = PaintingLoss(setting, folder)
        images, rows = [], []
        for strength in STRENGTHS:
            plan = setting.plan(folder, strength=strength, frames=":1", precision="float32")
            content = first_frame(plan)
            images.append(painter(plan).paint(content, [], 0).image)
            change = float((images[-1] - content).square().mean().sqrt())
            rows.append((*loss_at.likeness(images[-1], content), change))
    setting.keep(f"strength_{setting.style.stem}.png", images)
    steps = [0.0, *(_apart(loss_at.painter.features, one, other) for one, other in pairwise(images))]
    return [(*row, step) for row, step in zip(rows, steps, strict=True)]


@torch.no_grad()
def _apart(features: VGG, one: Tensor, other: Tensor) -> float:
    """Mean over layers of |F − G| / √(|F| |G|)."""
    ours, theirs = (features(image[None], LAYERS) for image in (one, other))
    sizes = [(ours[k].norm() * theirs[k].norm()).sqrt() for k in LAYERS]
    return sum(float((ours[k] - theirs[k]).norm() / s) for k, s in zip(LAYERS, sizes, strict=True)) / len(
        LAYERS
    )
