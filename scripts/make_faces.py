#!/usr/bin/env python
"""Draw faces with known attributes, to try deep feature interpolation with; every run gives the same.

python scripts/make_faces.py -o faces [--count 200] [--size 96] [--seed 0]

Writes plain/, smile/ and glasses/ with as many faces each, attributes.csv with every picture's attributes,
landmarks.csv with eyes and mouth in pixels, and input.png, a plain face that is in no set.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from samples.faces import make_faces


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
