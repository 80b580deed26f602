"""Photographs in another light: whether they stay photographs, and are steady; and steady palettes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import SAMPLES, Clock, PaintingLoss, Setting, Table, say, scaled_frames
from vidstyle.evaluation.measures import Totals
from vidstyle.image.convert import to_uint16
from vidstyle.image.distribution import distribution
from vidstyle.image.matting import GuidedFilter, Relight
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.style.priors import Tint
from vidstyle.optimize import Terms
from vidstyle.types import Prior
from vidstyle.video.pictures import write_picture

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


class _Matted(NeuralStyle):
    """An ordinary painting, with a matting term in its loss where that has a weight."""

    weight = 0.0

    def _terms(
        self,
        subject: Tensor,
        priors: Sequence[Prior],
        colours: Tensor | None,
        tint: Tint | None = None,
    ) -> Terms:
        terms = super()._terms(subject, priors, colours, tint)
        if not self.weight:
            return terms
        guide = GuidedFilter(subject, 1, 1e-4)

        def matted(x: Tensor) -> Mapping[str, Tensor]:
            return {**terms(x), "matting": self.weight * guide.roughness(x)}

        return matted


def run(setting: Setting) -> list[Table]:
    """At `setting.size`, 240 by default, clips of `setting.frames`, 12; the style is dusk.jpg by default."""
    style = STYLE if setting.style == Setting().style else setting.style
    setting = replace(setting, style=style, size=setting.size or 240)
    clips = [setting.clip] if setting.clip else [SAMPLES / f"{name}.mp4" for name in CLIPS]
    with tempfile.TemporaryDirectory() as folder:
        stills = [row for clip in clips for row in _stills(setting, Path(folder), clip)]
        steady = [row for clip in clips for row in _steadiness(setting, Path(folder) / clip.stem, clip, WAYS)]
        # Of the sample clips the one in which colours change: a balloon comes in.
        changing = replace(setting, style=Setting().style if style == STYLE else style)
        palettes = _steadiness(changing, Path(folder) / "palettes", clips[-1], PALETTES)
    note = "not locally affine: what in 5x5 windows no affine map of the frame's colours explains, rms of 255"
    title = f"photo: {setting.size} pixels, {style.name}, {setting.features} features"
    return [
        Table(title, STILLS, stills, [note]),
        Table("photo: clips", STEADY, steady),
        Table(f"color histogram: {changing.style.name}", STEADY, palettes),
    ]


def _stills(setting: Setting, folder: Path, clip: Path) -> list[tuple[object, ...]]:
    """The first frame, held to the photograph by nothing, by the matting term, by a filter, by --photo."""
    plan = setting.plan(folder, clip)
    content = plan.on_device(scaled_frames(plan, 1)[0])
    loss_at, clock = PaintingLoss(setting, folder, clip=clip), Clock(content.device)
    painted: dict[str, Tensor] = {}
    for weight in (0.0, *MATTING):
        plain = plan.prepare(say)
        assert isinstance(plain, NeuralStyle)
        method = _Matted(plain.features, plain.recipe, plain.style.pictures, plain.options)
        method.weight = weight
        way = f"matting term, weight {weight:g}" if weight else "painted"
        painted[way] = _first(method, content, clock, way)
    with clock("painted, then filtered"):
        lit = Relight(content).apply(painted["painted"]).clamp(0, 1)
    painted["painted, then filtered"] = lit
    photo = setting.plan(folder, clip, photo=True).prepare(say)
    assert isinstance(photo, NeuralStyle)
    painted["--photo"] = _first(photo, content, clock, "--photo")
    if setting.out is not None:
        setting.out.mkdir(parents=True, exist_ok=True)
        sheet = torch.cat([content, *painted.values()], dim=2)
        write_picture(setting.out / f"photo_{clip.stem}.png", to_uint16(sheet))
    guide, recipe, rows = GuidedFilter(content, 2, 1e-5), loss_at.method.recipe, []
    for way, image in painted.items():
        losses = loss_at(image, content)
        likeness = losses["style"] / recipe.style, losses["content"] / recipe.content
        rows.append((clip.stem, way, clock.total(way), 255 * float(guide.roughness(image)) ** 0.5, *likeness))
    return rows


def _first(method: NeuralStyle, content: Tensor, clock: Clock, way: str) -> Tensor:
    """A shot's first frame; what is prepared once is not timed."""
    method.foretell(content.shape[1], content.shape[2], content.device)
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
    return patch.object(NeuralStyle, "_shot_palette", lambda self, content, *known: distribution(content))
