"""Which pictures are key frames, and of which frames of the clip."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from vidstyle.errors import MediaError, UsageError
from vidstyle.events import Notice
from vidstyle.image.masks import check_shape, cleaned, whiteness
from vidstyle.job import digest
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.sequences import pictures_of_folder

_SHOWN = 3
_UNSEEN, _STRETCHED = 0.02, 0.15  # by which the shape of a key frame may differ from the clip's, and is told


@dataclass(frozen=True)
class KeyFile:
    """A key frame: what is painted of frame `frame` of the clip, its place from 0.

    path: of the picture; or of a clip, of which it is frame `within`. mask: what of it is paint.
    digest: of all that they hold.
    """

    frame: int
    path: Path
    digest: str
    within: int | None = None
    mask: Path | None = None

    def read(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels, uint8 or uint16 (3, H, W), and what of it is paint, float32 (1, h, w); None is all.

        Raises MediaError.
        """
        if self.within is not None:
            clip = _opened(self.path, self.path.stat().st_mtime_ns)
            frame = next(iter(clip.frames(self.within, self.within + 1)), None)
            if frame is None:
                raise MediaError(f"{self.path} has no frame {self.within}")
            return frame.pixels, None
        pixels, alpha = read_picture(self.path)
        if self.mask is not None:
            return pixels, cleaned(whiteness(*read_picture(self.mask, raw=True))).numpy()
        if alpha is None or bool((alpha == np.iinfo(alpha.dtype).max).all()):
            return pixels, None
        return pixels, alpha.astype(np.float32) / np.iinfo(alpha.dtype).max


@lru_cache(maxsize=1)
def _opened(path: Path, changed: int) -> Clip:
    """A clip that key frames are taken from: once opened it knows where to find them."""
    return open_clip(path)


def find_keys(
    options: KeysOptions, clip: Clip, start: int, stop: int | None, notice: Notice
) -> list[KeyFile]:
    """The key frames that the options name of frames [start, stop) of a clip, ascending.

    Raises UsageError or MediaError, in a line that names what does not fit.
    """
    numbers = {number: Path(path) for number, path in options.painted.items()}
    found: dict[int, KeyFile] = {}
    if options.keys is not None:
        found |= _of_folder_or_clip(Path(options.keys), options, clip, start, stop)
    for number, path in numbers.items():
        place = _place(number, path, options, clip)
        if place in found:
            raise UsageError(f"frame {number} has two key frames: {found[place].path} and {path}")
        found[place] = KeyFile(place, path, "")
    if not found:
        raise UsageError("give the frames that are painted: --key FRAME=PICTURE or --keys FOLDER")
    inside = [
        key for place, key in sorted(found.items()) if start <= place and (stop is None or place < stop)
    ]
    if not inside:
        raise UsageError(f"none of the key frames lies in frames {start} to {(stop or 0) - 1}: see --frames")
    if len(inside) < len(found):
        notice(f"{len(found) - len(inside)} key frames lie outside --frames, and are left out")
    masks = {_place(n, Path(path), options, clip): Path(path) for n, path in options.masks.items()}
    for place, path in masks.items():
        if place not in found:
            raise UsageError(f"--mask {path} is of frame {place}, which is no key frame")
    return [_checked(key, masks.get(key.frame), clip, notice) for key in inside]


def _place(number: int, path: Path, options: KeysOptions, clip: Clip) -> int:
    """The place of the frame that a number means. Raises UsageError where there is none."""
    if clip.numbers and not options.count_from:
        if number not in clip.numbers:
            raise UsageError(f"{clip.path} has no frame numbered {number}, of which {path} is the painting")
        return clip.position(number)
    place = number - options.count_from
    if place < 0 or (clip.frame_count_exact and clip.frame_count is not None and place >= clip.frame_count):
        count = f"has {clip.frame_count} frames, from" if clip.frame_count else "begins with"
        raise UsageError(
            f"{path} is to be frame {number}, and {clip.path} {count} {options.count_from}; "
            "--count-from 1 counts from 1"
        )
    return place


def _of_folder_or_clip(
    path: Path, options: KeysOptions, clip: Clip, start: int, stop: int | None
) -> dict[int, KeyFile]:
    if path.is_dir():
        pictures = numbers_of(pictures_of_folder(path))
        if options.every is not None:
            pictures = {n: each for n, each in pictures.items() if (n - min(pictures)) % options.every == 0}
        places = {_place(number, each, options, clip): each for number, each in pictures.items()}
        return {place: KeyFile(place, each, "") for place, each in places.items()}
    if options.every is None:
        raise UsageError(f"--keys {path} is no folder; of a painted clip say which frames: --every 10, say")
    painted = open_clip(path)
    ends = [each for each in (stop, painted.frame_count, clip.frame_count) if each is not None]
    if not ends or painted.kind == "still":
        raise MediaError(f"--keys {path} does not say how many frames it has; name a folder of pictures")
    # What says how long a film is may be one frame off.
    exact = painted.frame_count_exact and clip.frame_count_exact
    end = min(ends) if exact else min(ends) - 1
    content = painted.digest()
    return {
        index: KeyFile(index, path, f"{content} {index}", within=index)
        for index in range(start, max(end, start + 1), options.every)
    }


def numbers_of(pictures: Sequence[Path]) -> Mapping[int, Path]:
    """Pictures by the numbers in their names: the last group of digits by which all of them differ.

    Raises MediaError where a name has none, or two pictures have one number.
    """
    groups = {picture: [int(each) for each in re.findall(r"\d{1,9}", picture.stem)] for picture in pictures}
    bare = [picture.name for picture, found in groups.items() if not found]
    if bare:
        raise MediaError(
            f"{', '.join(bare[:_SHOWN])} in {pictures[0].parent} has no number in its name: that of the frame"
        )
    few = min(map(len, groups.values()))
    alike = few == max(map(len, groups.values()))
    # Names of one pattern are counted from either end; of others the last number is meant.
    for place in range(-1, -few - 1, -1) if alike else (-1,):
        found = {numbers[place]: picture for picture, numbers in groups.items()}
        if len(found) == len(pictures):
            return found
    twice = sorted(picture.name for picture in pictures if picture not in set(found.values()))
    raise MediaError(
        f"{twice[0]} in {pictures[0].parent} has the number of another picture; leave one of them"
    )


def _checked(key: KeyFile, mask: Path | None, clip: Clip, notice: Notice) -> KeyFile:
    """The key frame with its digest and mask. Raises MediaError for what cannot be read."""
    pixels, _ = key.read()
    _fits(key.path, pixels, clip, notice)
    contents = [key.digest or digest([key.path])]
    if mask is not None:
        white, alpha = read_picture(mask, raw=True)
        size = white.shape[2], white.shape[1]
        check_shape("--mask", mask, size, clip.path.name, (clip.width, clip.height))
        if not whiteness(white, alpha).any():
            raise MediaError(f"--mask {mask} is black all over; what is to be painted is white in it")
        contents.append(digest([mask]))
    return replace(key, digest=" ".join(contents), mask=mask)


def _fits(path: Path, pixels: np.ndarray, clip: Clip, notice: Notice) -> None:
    """Raise MediaError for a picture that cannot be of a frame of the clip, by its shape."""
    width, height = pixels.shape[2], pixels.shape[1]
    stretch = abs(width / height / (clip.width / clip.height) - 1)
    sizes = f"{path} is {width}x{height} and {clip.path.name} {clip.width}x{clip.height}"
    if stretch > _STRETCHED:
        raise MediaError(f"{sizes}: a key frame has the shape of its frame; paint the whole frame")
    if stretch > _UNSEEN:
        notice(f"{sizes}: the key frame is stretched to fit")


def digest_of(keys: Sequence[KeyFile]) -> str:
    """Of all that some key frames hold, and of which frames they are; "" of none."""
    if not keys:
        return ""
    text = "\n".join(f"{key.frame} {key.digest}" for key in keys)
    return hashlib.sha256(text.encode()).hexdigest()
