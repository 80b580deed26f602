"""Train the looks that come with the package: `python scripts/train_student.py PHOTOS --work DIR`.

PHOTOS are painted by the program's own optimiser in each of the project's styles, half a minute of one core
each; then one network learns all the styles at once, sharing all but gain and bias of its channels. What it
makes of each is written as a look, and the middle of them as `base`, with which `vidstyle learn` begins.
Everything done is kept in DIR, so the same command again goes on. The photographs are not shipped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import vidstyle
from vidstyle.atomic import whole
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import resize
from vidstyle.methods.base import learnt_from
from vidstyle.methods.student.look import look_of, write_look
from vidstyle.methods.student.network import Plan, Student
from vidstyle.methods.student.training import Lesson, Training
from vidstyle.video.pictures import write_picture

ROOT = Path(__file__).parents[1]
STYLES = [ROOT / "sample_videos" / f"{name}.jpg" for name in ("glass", "strokes", "watercolour", "woodcut")]
LOOKS = ROOT / "vidstyle/methods/student/looks"
OURS = sorted((ROOT / "vidstyle/learning/pictures").glob("*.jpg"))
SIZE, SAVED_EVERY = 320, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is painted and learnt")
    parser.add_argument("--count", type=int, default=9, help="photographs to paint, besides our own pictures")
    parser.add_argument("--steps", type=int, default=3000)
    given = parser.parse_args()
    photos = sorted(given.photos.glob("*.jpg"))
    given.work.mkdir(parents=True, exist_ok=True)
    lessons = painted([*OURS, *photos[:: max(1, len(photos) // given.count)][: given.count]], given.work)
    written(taught(lessons, given.steps, given.work / "state.safetensors"), given.steps)


def painted(pictures: list[Path], work: Path) -> list[Lesson]:
    """Every picture in every style, each painted once."""
    lessons = []
    for path in pictures:
        content = work / f"{path.stem}.png"
        if not content.exists():
            picture = learnt_from(path)
            scale = min(1.0, SIZE / max(picture.shape[1:]))
            height, width = (round(side * scale) for side in picture.shape[1:])
            write_picture(content, to_uint8(resize(picture, (height, width))))
        for index, style in enumerate(STYLES):
            result = work / f"{path.stem}__{style.stem}.png"
            if not result.exists():
                vidstyle.stylize(content, style, result, quality="draft", features="vgg19", overwrite=True)
            lessons.append(Lesson(learnt_from(content), learnt_from(result), index))
    return lessons


def taught(lessons: list[Lesson], steps: int, path: Path) -> Student:
    """A network of all the styles."""
    torch.manual_seed(0)
    student = Student(Plan(), len(STYLES))
    student.arithmetic = torch.bfloat16
    network = VGG(load(find("vgg19")).tensors).to(torch.bfloat16)
    training = Training(student, network, lessons, steps=steps)
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
            print(f"{training.at} of {steps} steps, {time.monotonic() - began:.0f} s: {told}", flush=True)
            sums.clear()
    return student


def written(student: Student, steps: int) -> None:
    """A look of each style, and the middle of them."""
    LOOKS.mkdir(exist_ok=True)
    made = {"steps": f"{steps} shared by {len(STYLES)} styles", "size": str(SIZE), "features": "vgg19"}
    for index, style in enumerate([*STYLES, None]):
        alone = Student(student.plan)
        alone.begin_with(student.folded(None if style is None else index))
        picture = learnt_from(style or STYLES[0])
        own = {"styles": style.name if style else ", ".join(each.name for each in STYLES)}
        write_look(
            LOOKS / f"{style.stem if style else 'base'}.safetensors", look_of(alone, picture, own | made)
        )


if __name__ == "__main__":
    main()
