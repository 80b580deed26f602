#!/usr/bin/env python
"""Frames of clips and pictures in one picture, to look at: a row for each, a column for each frame.

python scripts/contact_sheet.py -o sheet.png --frames 0,24,49 before.mp4 after.mp4
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from vidstyle.atomic import write_whole
from vidstyle.image.convert import reduce_to_uint8, to_float, to_uint8
from vidstyle.image.resize import fit, resize
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip


def row(path: Path, indices: list[int], width: int) -> np.ndarray:
    """Frames of a clip side by side, uint8 (3, H, W); its last frame stands in for those after its end."""
    found: dict[int, np.ndarray] = {}
    for frame in open_clip(path).frames(stop=max(indices) + 1):
        found[frame.index] = frame.pixels
    chosen = [reduce_to_uint8(found.get(index, found[max(found)])) for index in indices]
    size = fit(chosen[0].shape[2], chosen[0].shape[1], width)
    return np.concatenate([to_uint8(resize(to_float(pixels), size[::-1])) for pixels in chosen], axis=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("inputs", nargs="+", type=Path, help="clips or pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a PNG or JPEG")
    parser.add_argument("--frames", default="0", help="indices, with commas between them")
    parser.add_argument("--width", type=int, default=320, help="longest side of a frame in pixels")
    parser.add_argument("--jpeg", type=int, metavar="QUALITY", help="write a JPEG of this quality, 1 to 100")
    given = parser.parse_args()
    indices = [int(index) for index in given.frames.split(",")]
    rows = [row(path, indices, given.width) for path in given.inputs]
    widest = max(strip.shape[2] for strip in rows)
    padded = [np.pad(strip, ((0, 0), (0, 0), (0, widest - strip.shape[2]))) for strip in rows]
    sheet = np.concatenate(padded, axis=1)
    if given.jpeg is None:
        write_picture(given.output, sheet)
        return
    _, data = cv2.imencode(".jpg", sheet[::-1].transpose(1, 2, 0), [cv2.IMWRITE_JPEG_QUALITY, given.jpeg])
    write_whole(given.output, data.tobytes())


if __name__ == "__main__":
    main()
