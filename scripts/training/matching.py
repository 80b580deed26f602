#!/usr/bin/env python
"""How well features find the same surface point again: between views of a scene, and in altered copies.

    PYTHONPATH=scripts python -m training.matching bundled.safetensors vgg19.pth

Prints, by layer, the share of points whose nearest neighbour lies within 2 % of the longest side of the
truth. The scenes are this project's own clips, with their exact flow; the copies are recoloured, warped and
roughened.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from samples import truth
from torch import Tensor

from training.network import RANKS, WIDTHS, Network, calibrate, load
from training.pictures import generate
from training.views import views
from vidstyle.image.convert import to_float
from vidstyle.video.reader import open_clip

WITHIN = 0.02
STRIDE = 8  # of the points asked about, in pixels
LAYERS = ("conv2_1", "conv3_1", "conv3_4", "conv4_1", "conv4_4", "conv5_1")
VIEWS = (
    ("valley", 0, 14),
    ("valley", 24, 44),
    ("valley", 0, 40),
    ("valley", 20, 70),
    ("passing", 12, 34),
    ("passing", 34, 56),
    ("passing", 4, 44),
    ("passing", 12, 68),
)
SAMPLES = Path(__file__).resolve().parents[2] / "sample_videos"

Pair = tuple[Tensor, Tensor, Tensor, Tensor]
"""Two pictures (3, H, W); goals in the second of points in the first, then these: (n, 2), x, y in [-1, 1]."""


def accuracy(network: Network, pair: Pair, names: tuple[str, ...] = LAYERS) -> dict[str, float]:
    """Share of the pair's points found again by cosine of centred features, by layer."""
    first, second, goals, places = pair
    height, width = first.shape[1:]
    sides = torch.tensor([width, height]) / 2
    with torch.no_grad():
        one, two = network(first[None]), network(second[None])
    found = {}
    for name in names:
        if name not in one:
            continue
        fine = F.interpolate(two[name], (height // 4, width // 4), mode="bilinear", align_corners=False)
        asked = F.grid_sample(one[name], places.view(1, -1, 1, 2), align_corners=False, padding_mode="border")
        centre = two[name].mean((2, 3)).view(-1, 1)
        mine = F.normalize(asked[0, :, :, 0] - one[name].mean((2, 3)).view(-1, 1), dim=0)
        theirs = F.normalize(fine[0].flatten(1) - centre, dim=0)
        best = (mine.T @ theirs).argmax(1)
        rows, columns = best // fine.shape[3], best % fine.shape[3]
        at = torch.stack([(columns + 0.5) / fine.shape[3], (rows + 0.5) / fine.shape[2]], 1) * 2 - 1
        error = ((at - goals) * sides).norm(dim=1)
        found[name] = float((error <= WITHIN * max(height, width)).float().mean())
    return found


def scene_pairs() -> Iterator[Pair]:
    """Views of the rendered scenes, from their geometry."""
    for clip, frame, other in VIEWS:
        vectors, visible = truth.flow(clip, frame, other)
        height, width = visible.shape
        rows, columns = (grid.ravel() for grid in np.mgrid[4:height:STRIDE, 4:width:STRIDE])
        seen = visible[rows, columns]
        rows, columns = rows[seen], columns[seen]
        goal = np.stack([columns, rows], 1) + vectors[:, rows, columns].T
        pictures = _frames(clip, (frame, other))
        size = np.array([width, height])
        inside = [
            torch.from_numpy(((at + 0.5) / size * 2 - 1).astype(np.float32))
            for at in (goal, np.stack([columns, rows], 1))
        ]
        yield pictures[0], pictures[1], inside[0], inside[1]


def copy_pairs(count: int = 12, size: int = 256) -> Iterator[Pair]:
    """Generated pictures that nothing was trained on, and altered copies of them."""
    random = torch.Generator().manual_seed(5)
    first, second, there = views(generate(count, size, seed=77), random)
    steps = torch.arange(4, size, STRIDE)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([(columns + 0.5) / size, (rows + 0.5) / size], -1).view(-1, 2) * 2 - 1
    for one, two, grid in zip(first, second, there, strict=True):
        goals = grid[rows.ravel(), columns.ravel()]
        inside = goals.abs().amax(1) < 1
        yield one, two, goals[inside], places[inside]


def _frames(clip: str, wanted: tuple[int, int]) -> list[Tensor]:
    film = open_clip(SAMPLES / f"{clip}.mp4")
    return [to_float(frame.pixels) for frame in film.frames(stop=max(wanted) + 1) if frame.index in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, nargs="+", help="VGG-19 files of any width")
    options = parser.parse_args()
    networks = {path.stem[:24]: load(path) for path in options.weights}
    torch.manual_seed(0)
    networks["random"] = Network(WIDTHS, RANKS).requires_grad_(False)
    calibrate(networks["random"], generate(32, 128, seed=3))
    for title, pairs in {"views": list(scene_pairs()), "copies": list(copy_pairs())}.items():
        print(f"{title:24}", *(f"{name:>8}" for name in LAYERS))
        for label, network in networks.items():
            found = [accuracy(network, pair) for pair in pairs]
            means = [
                np.mean([each[name] for each in found]) if name in found[0] else np.nan for name in LAYERS
            ]
            print(f"{label:24}", *(f"{mean:8.1%}" for mean in means), flush=True)


if __name__ == "__main__":
    main()
