"""Train the looks that ship, and the base that new ones begin with.

    python scripts/train_student.py PHOTOGRAPHS --work FOLDER

PHOTOGRAPHS: a folder of photographs (for the looks that ship 130 of the public collection
imagenet-sample-images, one of each kind of thing in ImageNet; Russakovsky et al. 2015). A dozen pictures, the
package's own among them, are painted in every style by optimisation; one network is taught all styles at
once, by those and by the other photographs, through the bundled features; then each style goes on alone
through VGG-19's. Everything lies in the work folder: the same command again goes on. The photographs are not
shipped. Takes about two hours of one core, half of it painting.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import vidstyle
from vidstyle.atomic import whole
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import resize
from vidstyle.looks.look import look_of, write_look
from vidstyle.looks.network import Plan, Student
from vidstyle.looks.recolouring import palette_of
from vidstyle.methods.base import learnt_from
from vidstyle.methods.student.training import Lesson, Training
from vidstyle.video.pictures import write_picture

ROOT = Path(__file__).parents[1]
STYLES = [ROOT / "sample_videos" / f"{name}.jpg" for name in ("glass", "strokes", "watercolour", "woodcut")]
LOOKS = ROOT / "vidstyle/looks/files"
OURS = sorted((ROOT / "vidstyle/learning/pictures").glob("*.jpg"))
SIZE, SAVED_EVERY = 320, 100
SMALLEST, LARGEST = 170, 320  # shorter sides of photographs that nobody paints: a step sees most of one


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is painted and learnt")
    parser.add_argument("--count", type=int, default=9, help="photographs to paint, besides our own pictures")
    parser.add_argument("--more", type=int, default=120, help="photographs that nobody paints")
    parser.add_argument("--steps", type=int, default=4000, help="of all styles together")
    parser.add_argument("--alone", type=int, default=1000, help="steps of each style after that")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    photos = sorted(given.photos.glob("*.jpg"))
    shown = painted([*OURS, *photos[:: max(1, len(photos) // given.count)][: given.count]], given.work)
    more = unpainted(photos[:: max(1, len(photos) // given.more)][: given.more])
    lessons = [[*shown[style], *(Lesson(each) for each in more)] for style in STYLES]
    together = taught(lessons, given.steps, given.work / "base.safetensors", "bundled")
    written("base", together.folded(), STYLES, f"{given.steps} shared by {len(STYLES)} styles")
    for index, style in enumerate(STYLES):
        state = given.work / f"{style.stem}.safetensors"
        alone = taught([lessons[index]], given.alone, state, "vgg19", together.folded(index))
        written(style.stem, alone.folded(), [style], f"{given.steps} with other styles, {given.alone} alone")


def painted(pictures: Sequence[Path], work: Path) -> dict[Path, list[Lesson]]:
    """Every picture in every style, each painted once, by style."""
    lessons: dict[Path, list[Lesson]] = {style: [] for style in STYLES}
    for path in pictures:
        content = work / f"{path.stem}.png"
        if not content.exists():
            picture = learnt_from(path)
            write_picture(content, to_uint8(_scaled(picture, SIZE / max(picture.shape[1:]))))
        for style in STYLES:
            result = work / f"{path.stem}__{style.stem}.png"
            if not result.exists():
                vidstyle.stylize(content, style, result, quality="draft", features="vgg19", overwrite=True)
            lessons[style].append(Lesson(learnt_from(content), learnt_from(result)))
    return lessons


def unpainted(photos: Sequence[Path]) -> list[Tensor]:
    """Photographs at all sizes that a step sees most of."""
    pictures = [learnt_from(path) for path in photos]
    sides = torch.linspace(SMALLEST, LARGEST, max(1, len(pictures))).tolist()
    return [_scaled(each, side / min(each.shape[1:])) for each, side in zip(pictures, sides, strict=True)]


def _scaled(picture: Tensor, scale: float) -> Tensor:
    height, width = (round(side * min(1.0, scale)) for side in picture.shape[1:])
    return resize(picture, (height, width))


def taught(
    lessons: Sequence[Sequence[Lesson]],
    steps: int,
    path: Path,
    features: str,
    weights: Mapping[str, Tensor] | None = None,
) -> Student:
    """A network of as many styles as there are lists of lessons, in the order of STYLES if there are several.

    weights: to begin with.
    """
    torch.manual_seed(0)
    student = Student(Plan(), len(lessons))
    if weights is not None:
        student.begin_with(weights)
    student.arithmetic = torch.bfloat16
    network = VGG(load(find(features)).tensors).to(torch.bfloat16)
    named = [STYLES[index] for index in range(len(lessons))] if len(lessons) > 1 else [_style_of(path)]
    palettes = [palette_of([learnt_from(style)]) for style in named]
    numbered = [
        Lesson(each.content, each.painted, index) for index, own in enumerate(lessons) for each in own
    ]
    training = Training(student, network, numbered, palettes, steps=steps)
    if path.exists():
        training.restore(load_file(path))
    began, sums = time.monotonic(), dict[str, float]()
    while training.at < steps:
        for name, term in training.step().items():
            sums[name] = sums.get(name, 0.0) + term / SAVED_EVERY
        if training.at % SAVED_EVERY == 0 or training.at == steps:
            with whole(path) as part:
                save_file(training.state(), part)
            told = ", ".join(f"{name} {term:.3f}" for name, term in sums.items())
            print(
                f"{path.stem}: {training.at} of {steps} steps, {time.monotonic() - began:.0f} s: {told}",
                flush=True,
            )
            sums.clear()
    return student


def _style_of(path: Path) -> Path:
    return next(style for style in STYLES if style.stem == path.stem)


def written(name: str, weights: Mapping[str, Tensor], styles: Sequence[Path], steps: str) -> None:
    """A look of that name."""
    LOOKS.mkdir(exist_ok=True)
    student = Student(Plan())
    student.begin_with(weights)
    made = {"styles": ", ".join(style.name for style in styles), "steps": steps}
    look = look_of(student, [learnt_from(each) for each in styles], made, size=SIZE)
    write_look(LOOKS / f"{name}.safetensors", look)


if __name__ == "__main__":
    main()
