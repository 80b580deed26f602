"""Photographs in another light: whether they stay photographs, and are steady; and steady palettes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, Clock, PaintingLoss, Setting, Table, first_frame, painter, say, scratch
from vidstyle.evaluation.measures import Totals
from vidstyle.events import Observer
from vidstyle.image.distribution import distribution
from vidstyle.image.matting import GuidedFilter, Relight
from vidstyle.methods.style.medium import Paint
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.optimize import Minimum, Terms

CLIPS = ("valley", "passing")
STYLE = SAMPLES / "dusk.jpg"
# Weights of the matting term of Luan et al. (2017) in the loss of an ordinary painting.
MATTING = (300.0, 3000.0)
WAYS: dict[str, dict[str, object]] = {
    "--photo": {"photo": True},
    "--photo --independent": {"photo": True, "independent": True},
    "--photo --temporal-weight 0": {"photo": True, "temporal_weight": 0.0},
}
EACH = "--color histogram, anew for every frame"
PALETTES: dict[str, dict[str, object]] = {
    "--color histogram": {"color": "histogram"},
    EACH: {"color": "histogram"},
}
STILLS = ("clip", "way", "first frame, s", "not locally affine", "style loss", "content loss")
STEADY = (
    "clip",
    "way",
    "warping error, x input",
    "ten frames on, x input",
    "flicker, levels",
    "style loss",
    "s per frame",
)


class _Matted(Paint):
    """Paint, with a matting term in the loss."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def search(
        self, image: Tensor, subject: Tensor, terms: Terms, observer: Observer | None, **how: Any
    ) -> Minimum:
        guide = GuidedFilter(subject, 1, 1e-4)

        def matted(x: Tensor) -> Mapping[str, Tensor]:
            return {**terms(x), "matting": self.weight * guide.roughness(x)}

        return super().search(image, subject, matted, observer, **how)


def run(setting: Setting) -> list[Table]:
    """At `setting.size`, 240 by default, clips of `setting.frames`, 12; the style is dusk.jpg by default."""
    style = STYLE if setting.style == Setting().style else setting.style
    setting = replace(setting, style=style, size=setting.size or 240)
    clips = [setting.clip] if setting.clip else [SAMPLES / f"{name}.mp4" for name in CLIPS]
    with scratch() as folder:
        stills = [row for clip in clips for row in _stills(setting, folder, clip)]
        steady = [row for clip in clips for row in _steadiness(setting, folder / clip.stem, clip, WAYS)]
        # Of the sample clips the one in which colours change: a balloon comes in.
        changing = replace(setting, style=Setting().style if style == STYLE else style)
        palettes = _steadiness(changing, folder / "palettes", clips[-1], PALETTES)
    note = "not locally affine: what in 5x5 windows no affine map of the frame's colours explains, rms of 255"
    title = f"photo: {setting.size} pixels, {style.name}, {setting.features} features"
    return [
        Table(title, STILLS, stills, [note]),
        Table("photo: clips", STEADY, steady),
        Table(f"color histogram: {changing.style.name}", STEADY, palettes),
    ]


def _stills(setting: Setting, folder: Path, clip: Path) -> list[tuple[object, ...]]:
    """The first frame, held to the photograph by nothing, by the matting term, by a filter, by --photo."""
    setting = replace(setting, clip=clip)
    plan = setting.plan(folder)
    content, loss_at = first_frame(plan), PaintingLoss(setting, folder)
    clock = Clock(content.device)
    ways = {"painted": painter(plan)}
    for weight in MATTING:
        matted = ways[f"matting term, weight {weight:g}"] = painter(plan)
        matted.medium = _Matted(weight)
    painted = {way: _first(method, content, clock, way) for way, method in ways.items()}
    with clock("painted, then filtered"):
        lit = Relight(content).apply(painted["painted"]).clamp(0, 1)
    painted["painted, then filtered"] = lit
    painted["--photo"] = _first(painter(setting.plan(folder, photo=True)), content, clock, "--photo")
    setting.keep(f"photo_{clip.stem}.png", [content, *painted.values()])
    guide, rows = GuidedFilter(content, 2, 1e-5), []
    for way, image in painted.items():
        rough = 255 * float(guide.roughness(image)) ** 0.5
        rows.append((clip.stem, way, clock.total(way), rough, *loss_at.likeness(image, content)))
    return rows


def _first(method: NeuralStyle, content: Tensor, clock: Clock, way: str) -> Tensor:
    """A shot's first frame."""
    with clock(way):
        return method.paint(content, [], 0).image


def _steadiness(
    setting: Setting, folder: Path, clip: Path, ways: Mapping[str, Mapping[str, object]]
) -> list[tuple[object, ...]]:
    """Clips beside the input's own figures."""
    folder.mkdir()
    clock, count = Clock(torch.device("cpu")), setting.frames or 12
    files = {way: folder / f"{number}.mkv" for number, way in enumerate(ways)}
    for way, output in files.items():
        settings = setting.settings(frames=f":{count}", codec="ffv1", **ways[way])
        with clock(way), _each_its_own() if way == EACH else nullcontext():
            vidstyle.stylize(clip, setting.style, output, notice=say, **settings)
    found = vidstyle.evaluate(clip, list(files.values()), setting.style, features=setting.features)
    rows: list[tuple[object, ...]] = [(clip.stem, "input", *_figures(found.original.totals), "", "")]
    for way, measured in zip(files, found.stylized, strict=True):
        figures = _figures(measured.totals)
        rows.append((clip.stem, way, *figures, measured.totals.style_loss, clock.total(way) / count))
    return rows


def _figures(totals: Totals) -> tuple[object, ...]:
    flicker = "" if totals.flicker is None else 255 * totals.flicker
    return totals.ratio["lai_1"], totals.ratio["lai_10"], flicker


def _each_its_own() -> AbstractContextManager[object]:
    """Every frame is painted in the distribution of its own colours, as if it were its shot's first."""
    return patch.object(NeuralStyle, "_decided", lambda self, content, carry: distribution(content))
