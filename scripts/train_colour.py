"""Train the network that guesses colours, and the file of it that ships.

    python scripts/train_colour.py PHOTOGRAPHS --work FOLDER

PHOTOGRAPHS: a folder of colour photographs (for the file that ships 600 of the public collection
imagenet-sample-images, one of each kind of thing in ImageNet; Russakovsky et al. 2015). Every one is seen in
several crops, sizes and exposures; what VGG-19 tells of them is kept in memory. Everything else
lies in the work folder: the same command again goes on. Takes about ten minutes of one core and 6 GB.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from vidstyle.atomic import whole
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.methods.base import learnt_from
from vidstyle.methods.colour.classes import annealed_mean
from vidstyle.methods.colour.file import SHIPPED, write_colours
from vidstyle.methods.colour.learning import Lesson, Training, lesson_of
from vidstyle.methods.colour.network import CHANNELS, Colours
from vidstyle.methods.colour.options import LEARNT_ON

CHECKED_EVERY = 15  # one of so many photographs is not learnt on, but tells how well it guesses
SAVED_EVERY = 250  # steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is learnt")
    parser.add_argument("--most", type=int, default=600, help="photographs, the first ones")
    parser.add_argument("--views", type=int, default=4, help="of each")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    photos = sorted(given.photos.glob("*.jpg"))[: given.most]
    checked = photos[CHECKED_EVERY - 1 :: CHECKED_EVERY]
    lessons = lessons_of([path for path in photos if path not in checked], given.views)
    trial = lessons_of(checked, 1)
    colours = taught(lessons, trial, given.steps, given.work / "colours.safetensors")
    write_colours(given.output, colours, {"photographs": str(len(photos)), "steps": str(given.steps)})


def lessons_of(paths: Sequence[Path], views: int) -> list[Lesson]:
    """Views of each picture that is not grey."""
    network = VGG(load(find(LEARNT_ON)).tensors).to(torch.bfloat16)
    found = []
    for number, path in enumerate(paths):
        picture = learnt_from(path)
        for view in range(views):
            random = torch.Generator().manual_seed(1000 * number + view)
            if (lesson := lesson_of(picture, network, random)) is not None:
                found.append(lesson)
        if number % 50 == 49:
            print(f"{number + 1} of {len(paths)} photographs seen", flush=True)
    return found


def taught(lessons: Sequence[Lesson], trial: Sequence[Lesson], steps: int, path: Path) -> Colours:
    """The network after so many steps; its state lies in the file, from which it goes on."""
    torch.manual_seed(0)
    training = Training(Colours(), lessons, steps=steps)
    if path.exists():
        training.restore(load_file(path))
    began, sums = time.monotonic(), 0.0
    while training.at < steps:
        sums += training.step()
        if training.at % SAVED_EVERY == 0 or training.at == steps:
            with whole(path) as part:
                save_file(training.state(), part)
            seconds, error = time.monotonic() - began, off(training.average, trial)
            told = f"loss {sums / SAVED_EVERY:.3f}, ab off by {error[0]:.2f}, grey by {error[1]:.2f}"
            print(
                f"{training.at} of {steps} steps, {seconds:.0f} s: {told}; colourful {error[2]:.2f}",
                flush=True,
            )
            sums = 0.0
    return training.average


@torch.no_grad()
def off(colours: Colours, trial: Sequence[Lesson]) -> tuple[float, float, float]:
    """Root mean squared error of a* and b*, the same of grey, and the chroma guessed, of the true one."""
    colours.eval()
    guessed, truth = [], []
    for each in trial:
        seen = {layer: each.seen[layer][None].float() for layer in CHANNELS}
        guessed.append(annealed_mean(colours(seen))[0])
        truth.append(each.ab)
    made, wanted = torch.stack(guessed), torch.stack(truth)
    chroma = float(made.norm(dim=1).mean() / wanted.norm(dim=1).mean())
    return float((made - wanted).square().mean().sqrt()), float(wanted.square().mean().sqrt()), chroma


if __name__ == "__main__":
    main()
