#!/usr/bin/env python
"""Render the sample clips and style pictures of sample_videos/ anew; every run gives the same pictures.

python scripts/make_samples.py [NAME...] [-o DIR] [--truth DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from samples import scenes, truth
from samples.encode import RATE, write_clip, write_picture
from samples.glass import glass
from samples.sound import music
from samples.strokes import strokes
from samples.watercolour import watercolour
from samples.woodcut import woodcut
from samples.world import picture

ROOT = Path(__file__).resolve().parent.parent


def make_clip(name: str, folder: Path) -> Path:
    world = truth.world(name)
    path = folder / f"{name}.mp4"
    write_clip(path, (picture(world, frame) for frame in range(world.frames)))
    return path


def make_cut(name: str, folder: Path) -> Path:
    """A night and a day with nothing but a cut between them; the music changes with the picture."""
    worlds = scenes.harbour(), scenes.desert()
    path = folder / f"{name}.mp4"
    frames = (picture(world, frame) for world in worlds for frame in range(world.frames))
    write_clip(path, frames, music(*(world.frames / RATE for world in worlds)))
    return path


def make_style(name: str, folder: Path) -> Path:
    path = folder / f"{name}.jpg"
    write_picture(path, STYLES[name]())
    return path


def dusk() -> np.ndarray:
    """The valley as another photograph, in another light."""
    return picture(scenes.dusk(), 0)


def make_maps(name: str, folder: Path) -> Path:
    """What frame 10 of passing, frame 0 of valley and dusk show, and a doodle of another valley."""
    for clip, frame in (("passing", 10), ("valley", 0), ("dusk", 0)):
        cv2.imwrite(str(folder / f"{clip}_labels.png"), truth.labels(clip, frame)[..., ::-1])
    y, x = np.mgrid[:180, :320]
    lake = ((x - 175) / 112) ** 2 + ((y - 138) / 27) ** 2 < 1
    drawn = np.where(lake, "water", np.where(y > 67 + 18 * np.sin(x / 35), "land", "sky"))
    path = folder / "doodle.png"
    cv2.imwrite(
        str(path), np.array([[truth.COLOURS[each] for each in row] for row in drawn], np.uint8)[..., ::-1]
    )
    return path


def make_mask(name: str, folder: Path) -> Path:
    """Where the balloon of passing is, white on black."""
    path = folder / f"{name}.mp4"
    shown = (truth.labels("passing", frame) for frame in range(truth.world("passing").frames))
    balloon = ((each == truth.COLOURS["balloon"]).all(axis=-1, keepdims=True) for each in shown)
    write_clip(path, (each * np.ones(3, np.float32) for each in balloon))
    return path


STYLES = {"dusk": dusk, "strokes": strokes, "glass": glass, "woodcut": woodcut, "watercolour": watercolour}
MAKERS = {
    **dict.fromkeys(truth.CLIPS, make_clip),
    "cut": make_cut,
    "maps": make_maps,
    "balloon": make_mask,
    **dict.fromkeys(STYLES, make_style),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(MAKERS)}; all by default"
    )
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "sample_videos", help="folder to write to")
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="also write true flows and masks to DIR/NAME"
    )
    options = parser.parse_args()
    names = options.names or list(MAKERS)
    unknown = sorted(set(names) - set(MAKERS))
    if unknown:
        parser.error(f"no sample is called {', '.join(unknown)}; there are {', '.join(MAKERS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = MAKERS[name](name, options.out)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
        if options.truth and name in truth.CLIPS:
            truth.write_truth(name, options.truth / name)


if __name__ == "__main__":
    main()
