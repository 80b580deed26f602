#!/usr/bin/env python
"""Frames of clips and pictures in one picture, to look at: a row for each, a column for each frame.

python scripts/contact_sheet.py -o sheet.png --frames 0,24,49 before.mp4 after.mp4
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from vidstyle.image.convert import on_paper, to_uint8
from vidstyle.image.sheet import sheet
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip


def row(path: Path, indices: list[int]) -> list[Tensor]:
    """These frames of a clip; its last frame stands in for those after its end."""
    found = {}
    for frame in open_clip(path).frames(stop=max(indices) + 1):
        last = found[frame.index] = on_paper(frame.pixels, frame.alpha)
    return [found.get(index, last) for index in indices]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("inputs", nargs="+", type=Path, help="clips or pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a PNG, JPEG or WebP")
    parser.add_argument("--frames", default="0", help="indices, with commas between them")
    parser.add_argument("--width", type=int, default=320, help="longest side of a frame in pixels")
    given = parser.parse_args()
    indices = [int(index) for index in given.frames.split(",")]
    rows = [row(path, indices) for path in given.inputs]
    write_picture(given.output, to_uint8(sheet(rows, given.width)))


if __name__ == "__main__":
    main()
