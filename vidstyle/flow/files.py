"""Flow files: Middlebury `.flo`, which most flow programs read and write; masks as PGM.

They are written whole or not at all: a file under its name is a complete one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidstyle.atomic import write_whole
from vidstyle.errors import InputError
from vidstyle.plain import plain_size
from vidstyle.video.depth import to_depth
from vidstyle.video.limits import check_size
from vidstyle.video.pictures import read_picture

MAGIC = b"PIEH"  # the float 202021.25, which also shows the byte order
HEADER_BYTES = 12
LARGEST_SIDE = 99_999  # the limit of Middlebury's own reader


def read_flo(path: str | Path) -> np.ndarray:
    """Read a Middlebury `.flo` file as float32 (2, H, W), (dx, dy) in pixels.

    Unknown vectors (beyond 1e9, or not a number) are kept; consistency masks give them weight 0.

    Raises InputError where the file is missing, is no `.flo` file, or is not as long as its header says.
    """
    path = Path(path)
    try:
        length = plain_size(path)
        with path.open("rb") as file:
            width, height = _flo_size(file.read(HEADER_BYTES), path, length)
            data = file.read(8 * width * height)
    except OSError as error:
        raise InputError(f"Cannot read the flow file {path}: {error.strerror}.") from error
    pairs = np.frombuffer(data, "<f4").reshape(height, width, 2)
    return np.ascontiguousarray(pairs.transpose(2, 0, 1), dtype=np.float32)


def _flo_size(head: bytes, path: Path, length: int) -> tuple[int, int]:
    """(width, height) by the first bytes of a file of that length, so that no more is read than is there."""
    if len(head) < HEADER_BYTES or head[:4] != MAGIC:
        raise InputError(f"{path} is not a Middlebury .flo file; write the flow in that format.")
    width, height = (int(side) for side in np.frombuffer(head, "<i4", count=2, offset=4))
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise InputError(f"The flow file {path} claims a size of {width}x{height}; write it again.")
    expected = HEADER_BYTES + 8 * width * height
    if length != expected:
        problem = "is cut short" if length < expected else "is too long"
        raise InputError(
            f"The flow file {path} {problem}: {width}x{height} takes {expected} bytes, not {length}; "
            "write it again."
        )
    check_size(width, height, path)
    return width, height


def write_flo(path: str | Path, vectors: np.ndarray) -> None:
    """Write float32 (2, H, W), (dx, dy) in pixels, as a Middlebury `.flo` file.

    Raises OutputError where the file cannot be written.
    """
    if vectors.ndim != 3 or vectors.shape[0] != 2 or 0 in vectors.shape:
        raise ValueError(f"vectors must be (2, H, W) and not empty, not {vectors.shape}")
    _, height, width = vectors.shape
    size = np.array([width, height], "<i4").tobytes()
    write_whole(Path(path), MAGIC + size + vectors.transpose(1, 2, 0).astype("<f4").tobytes())


def write_pgm(path: str | Path, mask: np.ndarray) -> None:
    """Write a mask, uint8 (H, W), as a binary PGM file, the format of the released program of Ruder et al.

    Raises OutputError where the file cannot be written.
    """
    if mask.ndim != 2 or mask.dtype != np.uint8 or 0 in mask.shape:
        raise ValueError(f"mask must be uint8 (H, W) and not empty, not {mask.dtype} {mask.shape}")
    height, width = mask.shape
    write_whole(Path(path), f"P5\n{width} {height}\n255\n".encode() + mask.tobytes())


def read_pgm(path: str | Path) -> np.ndarray:
    """Read a mask, uint8 (H, W), from a PGM file, or a grey picture of another format.

    Raises MediaError where the file is missing or broken.
    """
    pixels, _ = read_picture(path, raw=True)
    return to_depth(pixels[0], 8)
