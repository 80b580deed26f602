"""Whether one balance suits every subject and every style: distances under full VGG-19, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.common import SAMPLES, Setting, Table, say
from benchmarks.styles import DRAWN, drawn
from vidstyle.device import pick_dtype
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.image.octaves import finest_octave
from vidstyle.image.resize import fit, resize
from vidstyle.losses.content import content_distance
from vidstyle.losses.gram import gram_distance, gram_matrix
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle, scaled_style
from vidstyle.video.reader import open_clip

PAINTED = ("strokes", "glass", "watercolour", "woodcut", "dusk")
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"
COLUMNS = (
    "subject",
    "style",
    "style distance",
    "content distance",
    "grain where plain",
    "of the style",
    "steps",
)
_PLAIN = 0.0015  # variance in 9 × 9 pixels, summed over channels
_WINDOW = 9


def run(setting: Setting) -> list[Table]:
    """`setting.frames` subjects, 24 by default, by turns in every style; at `setting.size`, 192 by default.

    The subjects are pictures of the folder `setting.clip`, evenly spread, or frames of the sample clips; the
    styles are those of `styles_of`.
    """
    referee = VGG(load(find("vgg19")).tensors)
    network, recipe = network_of(setting)
    styles = list(styles_of(setting).items())
    rows = []
    for number, (title, subject) in enumerate(subjects(setting, setting.frames or 24)):
        name, style = styles[number % len(styles)]
        painted = NeuralStyle(network, recipe, [style], NeuralOptions()).paint(subject, [], 0)
        near = scaled_style(style, (subject.shape[1], subject.shape[2]))
        rows.append((title, name, *distances(referee, painted.image, subject, near), painted.steps))
        setting.keep(f"{number:02}_{title}_{name}.png", [subject, painted.image])
    contents = [row[3] for row in rows]
    note = f"content distance {min(contents):.2f} to {max(contents):.2f}, mean {np.mean(contents):.2f}"
    return [Table(f"balance: {setting.features} features", COLUMNS, rows, [note])]


def network_of(setting: Setting) -> tuple[VGG, Recipe]:
    """The features of the setting, in the precision that runs would take, and the recipe for them."""
    weights = load(find(setting.features))
    network = VGG(weights.tensors).to(pick_dtype("auto", torch.device("cpu")))
    return network, recipe_for(weights.source.kind, network.layers, say)


def styles_of(setting: Setting) -> dict[str, Tensor]:
    """The pictures of the folder `setting.style`, or `PAINTED` and `DRAWN`, by name: float32 (3, H, W)."""
    return {path.stem: _picture(path) for path in _pictures(setting.style)} or {
        **{name: _picture(SAMPLES / f"{name}.jpg") for name in PAINTED},
        **{name: drawn(name) for name in DRAWN},
    }


@torch.no_grad()
def distances(
    referee: VGG, painted: Tensor, subject: Tensor, style: Tensor
) -> tuple[float, float, float, float]:
    """Mean Gram distance of five layers, content distance at relu4_2, and grain; see `grain`.

    painted, subject, style: float32 (3, H, W) in [0, 1].
    """
    found = referee(painted[None], (*STYLE_LAYERS, CONTENT_LAYER))
    wanted = referee(style[None], STYLE_LAYERS)
    kept = referee(subject[None], [CONTENT_LAYER])[CONTENT_LAYER]
    apart = [float(gram_distance(gram_matrix(found[k]), gram_matrix(wanted[k]))) for k in STYLE_LAYERS]
    content = float(content_distance(found[CONTENT_LAYER], kept))
    return float(np.mean(apart)), content, grain(painted, plain(subject)), grain(style, None)


def plain(image: Tensor) -> Tensor:
    """Where an image (3, H, W) has next to no detail: bool (H, W)."""
    mean = torch.nn.functional.avg_pool2d(image[None], _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
    square = torch.nn.functional.avg_pool2d(
        image.square()[None], _WINDOW, 1, _WINDOW // 2, count_include_pad=False
    )
    return (square - mean.square()).sum(dim=1)[0] < _PLAIN


def grain(image: Tensor, where: Tensor | None) -> float:
    """Median size of the finest octave of an image (3, H, W), there or everywhere, in levels of 255.

    The median, because it is what lies between strokes: their edges are the few large values. NaN for
    nowhere.
    """
    size = finest_octave(image).square().sum(dim=0).sqrt()
    chosen = size.flatten() if where is None else size[where]
    return 255 * float(chosen.median()) if len(chosen) else float("nan")


def subjects(setting: Setting, count: int) -> Iterator[tuple[str, Tensor]]:
    """`count` pictures with their names: of the folder `setting.clip`, or frames of the sample clips."""
    size = setting.size or 192
    if setting.clip is not None and (paths := _pictures(setting.clip)):
        chosen = [
            paths[place] for place in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)
        ]
        for path in chosen:
            yield path.stem, _fitted(_picture(path), size)
        return
    clips = [SAMPLES / f"{name}.mp4" for name in ("valley", "passing", "cut")]
    for number in range(count):
        clip = clips[number % len(clips)] if setting.clip is None else setting.clip
        frame = next(iter(open_clip(clip).frames(3 * number, 3 * number + 1)))
        yield f"{clip.stem} {frame.index}", _fitted(to_float(frame.pixels), size)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".jpg", ".png"))


def _picture(path: Path) -> Tensor:
    return to_float(next(iter(open_clip(path).frames())).pixels)


def _fitted(image: Tensor, longest: int) -> Tensor:
    columns, rows = fit(image.shape[2], image.shape[1], longest)
    return resize(image, (rows, columns))
