"""Painting the same pictures with several networks, to compare them by eye and by one referee.

Each painting gets as near to its content as the referee's own does; how near it gets to its style tells.

    cd scripts
    python -m training.judge --referee vgg19.pth --students ../vidstyle/features/bundled.safetensors \\
        --contents a.png clip.mp4 --styles wave.jpg --out sheet.png
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from training.measures import CONTENT, STYLE, gram, gram_distance
from training.network import Network, calibrate, load
from training.pictures import generate

REFEREED = "conv4_2"
"""Where the referee compares contents; what is painted keeps those of `CONTENT`."""


@dataclass(frozen=True)
class Painting:
    """Weights and (share of the size, steps) of each scale."""

    style: float = 10.0
    content: float = 0.15
    variation: float = 20.0
    scales: tuple[tuple[float, int], ...] = ((0.4, 100), (0.65, 80), (1.0, 60))


@dataclass(frozen=True)
class Verdict:
    """Distances of a painting to its style and its content, as the referee's features have it."""

    style: float
    content: float


def paint(network: Network, content: Tensor, style: Tensor, recipe: Painting) -> Tensor:
    """(3, H, W) content in the style of (3, h, w), both in [0, 1]; coarse to fine, with Adam."""
    picture = content[None]
    for share, steps in recipe.scales:
        shape = [round(share * side) for side in content.shape[1:]]
        picture = F.interpolate(picture, shape, mode="bicubic", align_corners=False).clamp(0, 1)
        picture = _paint_scale(
            network, picture, _shrink(content, share), _shrink(style, share), steps, recipe
        )
    return picture[0]


def _paint_scale(
    network: Network, picture: Tensor, content: Tensor, style: Tensor, steps: int, recipe: Painting
) -> Tensor:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        outputs = network(style)
        targets = {name: gram(outputs[name]) for name in STYLE}
        kept = {k: each.float() for k, each in network(content).items() if k in CONTENT}
    picture = picture.clone().requires_grad_()
    average = picture.detach().clone()
    optimiser = torch.optim.Adam([picture], 0.03, (0.9, 0.99))
    for step in range(steps):
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            outputs = network(picture)
        loss = (
            recipe.style
            * sum(gram_distance(gram(outputs[name]), targets[name]) for name in STYLE)
            / len(STYLE)
        )
        for name, each in kept.items():
            apart = (outputs[name].float() - each).square().sum() / each.square().sum()
            loss = loss + recipe.content / len(kept) * apart
        loss = loss + recipe.variation * (
            picture.diff(dim=2).square().mean() + picture.diff(dim=3).square().mean()
        )
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
            average.lerp_(picture, 1 - min(0.95, step / (step + 1)))
    return average.detach()


def _shrink(picture: Tensor, share: float) -> Tensor:
    shape = [round(share * side) for side in picture.shape[1:]]
    return F.interpolate(picture[None], shape, mode="area")


@torch.no_grad()
def judge(referee: Network, painted: Tensor, content: Tensor, style: Tensor) -> Verdict:
    """Mean Gram distance to the style and relative feature distance to the content under the `referee`."""
    ours, wanted, kept = (referee(picture[None]) for picture in (painted, style, content))
    distances = [float(gram_distance(gram(ours[name]), gram(wanted[name]))) for name in STYLE]
    content_distance = (ours[REFEREED] - kept[REFEREED]).square().sum() / kept[REFEREED].square().sum()
    return Verdict(sum(distances) / len(distances), float(content_distance))


def paint_alike(
    network: Network, referee: Network, content: Tensor, style: Tensor, recipe: Painting, wanted: float
) -> tuple[Tensor, Verdict, float]:
    """A painting whose content distance under the `referee` is `wanted` (within 3 %, if 6 tries find it).

    Style and content are traded against each other by the content's weight, so that only paintings of equal
    content distance can be compared by style. Returns the painting, the verdict, and that weight.
    """
    tries: list[tuple[float, float]] = []
    weight = recipe.content
    while True:
        painted = paint(network, content, style, replace(recipe, content=weight))
        verdict = judge(referee, painted, content, style)
        tries.append((math.log(weight), math.log(verdict.content / wanted)))
        if abs(tries[-1][1]) < 0.03 or len(tries) == 6:
            return painted, verdict, weight
        weight = math.exp(_next_try(tries))


def _next_try(tries: Sequence[tuple[float, float]]) -> float:
    """Where the line through the two tries nearest to 0 crosses it; further down the slope at first."""
    (x0, y0), *rest = sorted(tries, key=lambda one: abs(one[1]))
    slope = (rest[0][1] - y0) / (rest[0][0] - x0) if rest else -0.25
    return x0 - y0 / min(slope, -0.05)


def sheet(rows: Sequence[Sequence[Tensor]], height: int) -> Tensor:
    """One picture (3, H, W) of rows of pictures (3, h, w), all brought to one height and the widest width."""
    scaled = [
        [
            F.interpolate(picture[None], (height, round(height * picture.shape[2] / picture.shape[1])))[0]
            for picture in row
        ]
        for row in rows
    ]
    width = max(picture.shape[2] for row in scaled for picture in row)
    lines = [
        torch.cat([F.pad(picture, (0, width - picture.shape[2])) for picture in row], 2) for row in scaled
    ]
    return torch.cat(lines, 1)


def read(path: Path, size: int) -> Tensor:
    """(3, H, W) in [0, 1], longest side `size`; of a clip, the frame a third of the way in."""
    clip = cv2.VideoCapture(str(path))
    if path.suffix in (".mp4", ".mkv", ".webm"):
        clip.set(cv2.CAP_PROP_POS_FRAMES, clip.get(cv2.CAP_PROP_FRAME_COUNT) // 3)
    found, pixels = clip.read()
    if not found:
        raise SystemExit(f"{path} is no picture or clip that OpenCV can read")
    picture = torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1).float() / 255
    return _shrink(picture, size / max(picture.shape[1:]))[0]


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    referee = load(options.referee)
    calibrate(referee, generate(128, 128, 1))
    students = {path.stem: load(path) for path in options.students}
    recipe = Painting(content=options.content)
    rows = []
    for content in (read(path, options.size) for path in options.contents):
        for style in (read(path, options.size) for path in options.styles):
            first = paint(referee, content, style, recipe)
            goal = judge(referee, first, content, style)
            print(f"{len(rows)} referee      style {goal.style:.4f} content {goal.content:.3f}", flush=True)
            row = [content, style, first]
            for name, network in students.items():
                painted, verdict, weight = paint_alike(network, referee, content, style, recipe, goal.content)
                row.append(painted)
                figures = f"style {verdict.style:.4f} content {verdict.content:.3f} at weight {weight:.3f}"
                print(f"{len(rows)} {name:12} {figures}, {verdict.style / goal.style:.2f} times", flush=True)
            rows.append(row)
            pixels = sheet(rows, options.size * 2 // 3).permute(1, 2, 0).mul(255).round().byte().numpy()
            cv2.imwrite(str(options.out), pixels[..., ::-1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--referee", type=Path, required=True, help="VGG-19 to paint with first and to judge all by"
    )
    parser.add_argument(
        "--students", type=Path, nargs="*", default=[], help="calibrated networks to compare with it"
    )
    parser.add_argument("--contents", type=Path, nargs="+", required=True, help="pictures or clips")
    parser.add_argument("--styles", type=Path, nargs="+", required=True)
    parser.add_argument("--content", type=float, default=Painting.content, help="weight of the content")
    parser.add_argument("--size", type=int, default=192, help="longest side in pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--out", type=Path, required=True, help="contact sheet: content, style, referee, students"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
