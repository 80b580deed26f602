"""Maps of labels: which region of the style each region of a frame is painted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import MediaError, UsageError
from vidstyle.image.convert import on_paper, to_uint8
from vidstyle.image.labels import MOST, Colour, Palette, labelled, one_hot, palette_of
from vidstyle.image.masks import check_shape
from vidstyle.methods.maps import MapReader, open_map
from vidstyle.options import GuidanceOptions
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip


@dataclass(frozen=True, eq=False)
class Guidance:
    """The maps that a run's options name.

    labels: of the frames, one picture or one for every frame. palette: the colours of the regions. regions:
    of each style picture, float32 (R, h, w), how much of each pixel belongs to each region.
    """

    labels: Clip
    palette: Palette
    regions: tuple[Tensor, ...]

    def numbers(self, pixels: np.ndarray, size: tuple[int, int]) -> tuple[Tensor, list[str]]:
        """The regions of a map, uint8 (1, *size), one too many for none; and colours that no style has.

        pixels: the map as `map_colours` gives it.
        """
        own = _palette("--labels", self.labels.path, pixels)
        foreign = [named([c]) for c in own.colours if self.palette.nearest(c, own.exact) is None]
        labels = _numbered(pixels, own, self.palette)
        return interpolate(labels[None].float(), size, mode="nearest-exact")[0].to(torch.uint8), foreign


def open_guidance(
    options: GuidanceOptions, clip: Clip, pictures: Sequence[Path], start: int, stop: int | None
) -> Guidance | None:
    """The maps that the options name, checked against frames [start, stop) of the clip; None for none."""
    if options.labels is None:
        return None
    labels = open_map("--labels", options.labels, clip, start, stop)
    palette, regions = _by_number(options, pictures) if options.label_styles else _by_maps(options, pictures)
    own = _palette("--labels", labels.path, map_colours(MapReader("--labels", labels).at(start)))
    if all(palette.nearest(colour, own.exact) is None for colour in own.colours):
        raise MediaError(
            f"--labels {labels.path} has no colour in common with the style: "
            f"{named(own.colours)} against {named(palette.colours)}"
        )
    return Guidance(labels, palette, regions)


def _by_number(options: GuidanceOptions, pictures: Sequence[Path]) -> tuple[Palette, tuple[Tensor, ...]]:
    """The colours of the regions, each of which is painted by a whole picture."""
    chosen = options.colour_styles
    for text, wanted in zip(options.label_styles, chosen.values(), strict=True):
        if wanted > len(pictures):
            raise UsageError(f"--label-styles {text}: {len(pictures)} style pictures are given")
    whole = [torch.tensor([float(n == i + 1) for n in chosen.values()]) for i in range(len(pictures))]
    return Palette(tuple(chosen), exact=False), tuple(each.view(-1, 1, 1) for each in whole)


def _by_maps(options: GuidanceOptions, pictures: Sequence[Path]) -> tuple[Palette, tuple[Tensor, ...]]:
    """The colours of the regions, and where each picture shows them."""
    if len(options.style_labels) != len(pictures):
        raise UsageError(
            f"--style-labels has {len(options.style_labels)} maps for {len(pictures)} style pictures; give "
            "one for each"
        )
    palette = Palette((), exact=True)
    drawn: list[tuple[np.ndarray, Palette]] = []
    for picture, path in zip(pictures, options.style_labels, strict=True):
        frame = next(iter(open_clip(path, raw=True).frames(0, 1)))
        pixels, size = read_picture(picture)[0], (frame.width, frame.height)
        check_shape("--style-labels", Path(path), size, picture.name, (pixels.shape[2], pixels.shape[1]))
        own = _palette("--style-labels", Path(path), map_colours(frame))
        new = [colour for colour in own.colours if palette.nearest(colour, own.exact) is None]
        palette = Palette((*palette.colours, *new), palette.exact and own.exact)
        drawn.append((map_colours(frame), own))
    count = len(palette.colours)
    if count > MOST:
        raise MediaError(f"--style-labels have {count} colours together; {MOST} at most are regions")
    return palette, tuple(one_hot(_numbered(pixels, own, palette), count) for pixels, own in drawn)


def map_colours(frame: Frame) -> np.ndarray:
    """The colours of a map, uint8 (3, H, W)."""
    return to_uint8(on_paper(frame.pixels, frame.alpha))


def named(colours: Sequence[Colour]) -> str:
    """As a user writes them."""
    return ", ".join("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)


def _palette(option: str, path: Path, pixels: np.ndarray) -> Palette:
    try:
        return palette_of(pixels)
    except ValueError as error:
        raise MediaError(f"{option} {path}: {error}") from error


def _numbered(pixels: np.ndarray, own: Palette, palette: Palette) -> Tensor:
    """The number in `palette` of each pixel's colour, uint8 (1, H, W); one too many where it has none.

    own: the colours of the map.
    """
    none = len(palette.colours)
    found = [palette.nearest(colour, own.exact) for colour in own.colours]
    table = np.array([none if number is None else number for number in found], np.uint8)
    return torch.from_numpy(table[labelled(pixels, own.colours)])
