#!/usr/bin/env python
"""Draw faces with known attributes, to try deep feature interpolation with; every run gives the same.

python scripts/make_faces.py -o faces [--count 200] [--size 96] [--seed 0]

Writes plain/, smile/ and glasses/ with as many faces each, attributes.csv with every picture's attributes,
landmarks.csv with eyes and mouth in pixels, and input.png, a plain face that is in no set.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from samples.faces import Face, draw, random_face

from vidstyle.video.pictures import write_picture

KINDS = {"plain": (-0.7, False), "smile": (0.9, False), "glasses": (-0.7, True)}
_MARKS = ("x1", "y1", "x2", "y2", "x3", "y3")


def make_faces(folder: Path, count: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    attributes: list[tuple[object, ...]] = [("path", *KINDS)]
    marks: list[tuple[object, ...]] = [("path", *_MARKS)]

    def add(name: str, face: Face) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(path, draw(face, size))
        marks.append((name, *(round(float(place), 2) for place in (face.landmarks * size - 0.5).flat)))

    for kind, (smile, glasses) in KINDS.items():
        for number in range(count):
            name = f"{kind}/{kind}{number:04d}.png"
            add(name, random_face(rng, smile, glasses))
            attributes.append((name, *(int(kind == other) for other in KINDS)))
    add("input.png", random_face(rng, *KINDS["plain"]))
    for name, rows in (("attributes.csv", attributes), ("landmarks.csv", marks)):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("faces"), help="folder to write to")
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--size", type=int, default=96, help="side in pixels")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other people")
    options = parser.parse_args()
    make_faces(options.out, options.count, options.size, options.seed)


if __name__ == "__main__":
    main()
