"""Maps of labels and masks: opened, checked, brought to the frame in hand, carried through a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import MediaError, UsageError
from vidstyle.image.convert import to_uint8
from vidstyle.image.labels import MOST, Colour, Palette, labelled, one_hot, palette_of
from vidstyle.image.masks import cleaned
from vidstyle.image.places import at_start, carried, looked_up, restored, stored
from vidstyle.image.resize import resize
from vidstyle.job import FrameStore, file_entry
from vidstyle.methods.base import Guided, Method
from vidstyle.options import GuidanceOptions, MaskOptions, PaintOptions, TextureOptions
from vidstyle.pipeline.inputs import check_shape, on_paper, whiteness
from vidstyle.types import Draft, Frame, Notice, Prior
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

PLACE = "place"  # under which places are carried; see `vidstyle.image.places`


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps that a run's options name.

    labels, mask: one picture, or one for every frame. palette: the colours of the regions. regions: of each
    style picture, float32 (R, h, w), how much of each pixel belongs to each region.
    carries: whether one picture is to do for a clip.
    """

    labels: Clip | None
    mask: Clip | None
    palette: Palette
    regions: tuple[Tensor, ...]
    carries: bool

    @property
    def paths(self) -> list[Path]:
        """The maps of the frames, as they were named."""
        return [each.path for each in (self.labels, self.mask) if each is not None]

    def entry(self, options: PaintOptions) -> dict[str, Any]:
        """What of them belongs in a job's fingerprint: all that the painted frames depend on."""
        found: dict[str, Any] = {}
        if self.labels is not None and isinstance(options, GuidanceOptions):
            found["the label map"] = _clip_entry(self.labels)
            if options.style_labels:
                found["the label maps of the style"] = [file_entry(Path(p)) for p in options.style_labels]
            if options.label_styles:
                found["label_styles"] = sorted(options.label_styles)
        if self.carries:
            found["a map is carried"] = True
        return found

    def laid_with(self, options: PaintOptions) -> dict[str, Any]:
        """What the result depends on beside the painted frames."""
        if self.mask is None or not isinstance(options, MaskOptions):
            return {}
        return {"mask": _clip_entry(self.mask), "mask_feather": options.mask_feather}


def open_maps(
    options: PaintOptions, clip: Clip, styles: Sequence[Path], start: int, stop: int | None
) -> Maps | None:
    """Those that the options name, checked against frames [start, stop) of the clip; None where none are."""
    labels = _opened("--labels", getattr(options, "labels", None), clip, start, stop)
    mask = None
    if isinstance(options, MaskOptions):
        mask = _opened("--mask", options.mask, clip, start, stop)
    if labels is None and mask is None:
        return None
    palette, regions = _regions(options, styles) if isinstance(options, GuidanceOptions) else _NO_REGIONS
    moves = clip.kind != "still" and not isinstance(options, TextureOptions)
    single = [
        name for name, each in (("--labels", labels), ("--mask", mask)) if each and each.kind == "still"
    ]
    if moves and single and options.independent:
        raise UsageError(
            f"{single[0]}: with --independent nothing is carried from frame to frame; give one map for every "
            "frame (a folder, a pattern or a video)"
        )
    maps = Maps(labels, mask, palette, regions, bool(moves and single))
    _check_first(maps, 0 if maps.carries else start)
    return maps


_NO_REGIONS: tuple[Palette, tuple[Tensor, ...]] = Palette((), exact=True), ()


def doodled(options: TextureOptions) -> TextureOptions:
    """The options with the size said: that of the map that is painted from, if they leave it open."""
    if options.size is not None:
        return options
    if options.labels is None:
        return replace(options, size=f"{options.width}x{options.height}")
    drawn = open_clip(options.labels)
    return replace(options, size=f"{drawn.width}x{drawn.height}")


def _opened(option: str, path: str | None, clip: Clip, start: int, stop: int | None) -> Clip | None:
    if path is None:
        return None
    maps = open_clip(path)
    check_shape(option, maps.path, (maps.width, maps.height), clip.path.name, (clip.width, clip.height))
    if maps.kind == "still":
        return maps
    ends = [end for end in (stop, clip.frame_count if clip.frame_count_exact else None) if end is not None]
    last = min(ends, default=start + 1)
    if maps.frame_count_exact and maps.frame_count is not None and maps.frame_count < last:
        raise MediaError(
            f"{option} {path} has {maps.frame_count} maps for {last} frames; give one for every frame of "
            f"{clip.path.name}, or a single picture for its first"
        )
    return maps


def _regions(options: GuidanceOptions, styles: Sequence[Path]) -> tuple[Palette, tuple[Tensor, ...]]:
    """The colours of the regions, and those of each style picture; see `Maps`."""
    if options.label_styles:
        chosen = options.colour_styles
        for text, wanted in zip(options.label_styles, chosen.values(), strict=True):
            if wanted > len(styles):
                raise UsageError(f"--label-styles {text}: {len(styles)} style pictures are given")
        whole = [torch.tensor([float(n == i + 1) for n in chosen.values()]) for i in range(len(styles))]
        return Palette(tuple(chosen), exact=False), tuple(each.view(-1, 1, 1) for each in whole)
    if not options.style_labels:
        return _NO_REGIONS
    if len(options.style_labels) != len(styles):
        raise UsageError(
            f"--style-labels has {len(options.style_labels)} maps for {len(styles)} style pictures; give one "
            "for each"
        )
    palette = Palette((), exact=True)
    drawn: list[tuple[np.ndarray, Palette]] = []
    for style, path in zip(styles, options.style_labels, strict=True):
        frame = next(iter(open_clip(path).frames(0, 1)))
        pixels, size = read_picture(style)[0], (frame.width, frame.height)
        check_shape("--style-labels", Path(path), size, style.name, (pixels.shape[2], pixels.shape[1]))
        own = _palette("--style-labels", Path(path), _flat(frame))
        new = [colour for colour in own.colours if palette.nearest(colour, own.exact) is None]
        palette = Palette((*palette.colours, *new), palette.exact and own.exact)
        drawn.append((_flat(frame), own))
    if len(palette.colours) > MOST:
        raise MediaError(
            f"--style-labels have {len(palette.colours)} colours together; {MOST} at most are regions"
        )
    count = len(palette.colours)
    return palette, tuple(one_hot(_numbered(flat, own, palette), count) for flat, own in drawn)


def _check_first(maps: Maps, first: int) -> None:
    """Whether the map of the first frame and the style have regions in common."""
    if maps.labels is not None:
        frame = _Reader("--labels", maps.labels).at(first)
        own = _palette("--labels", maps.labels.path, _flat(frame))
        if all(maps.palette.nearest(colour, own.exact) is None for colour in own.colours):
            raise MediaError(
                f"--labels {maps.labels.path} has no colour in common with the style: "
                f"{_named(own.colours)} against {_named(maps.palette.colours)}"
            )
    if maps.mask is not None and maps.mask.kind == "still":
        frame = _Reader("--mask", maps.mask).at(0)
        if not cleaned(whiteness(frame.pixels, frame.alpha)).any():
            raise MediaError(
                f"--mask {maps.mask.path} is black all over; what is to be painted is white in it"
            )


class Guide:
    """Brings the maps of a run to the frame in hand."""

    def __init__(
        self,
        maps: Maps | None,
        method: Method,
        start: int,
        size: tuple[int, int],
        device: torch.device,
        notice: Notice,
    ) -> None:
        self.maps, self.method, self.start = maps, method, start
        self.size, self.device, self.notice = size, device, notice
        self.told: set[str] = set()
        self.reader = None if maps is None or maps.labels is None else _Reader("--labels", maps.labels)
        self.first: Tensor | None = None
        self.kinds = None if maps is None or not maps.carries else self._kinds()

    def _kinds(self) -> Tensor:
        """What the pixels of the first frame are, by single maps of labels and of the mask: (1, H, W)."""
        assert self.maps is not None
        kinds = torch.zeros(1, *self.size)
        if self.reader is not None and self.reader.clip.kind == "still":
            kinds += 2 * self._read(0)
        if self.maps.mask is not None and self.maps.mask.kind == "still":
            kinds += still_mask(self.maps.mask, self.size) > 0.5
        return kinds.to(self.device)

    def place(
        self, index: int, content: Tensor, priors: Sequence[Prior], draft: Draft | None
    ) -> Tensor | None:
        """Where the pixels of frame `index` were in the first one, as it is stored with the frame.

        None where nothing is carried, or nothing reaches it: a single map is that of one shot.
        """
        if self.maps is None or not self.maps.carries:
            return None
        if draft is not None:
            return draft.carry.get(PLACE)
        if index == self.start:
            return stored(at_start(*self.size))
        links = [
            (restored(prior.carry[PLACE].to(self.device)), prior.vectors, prior.weight)
            for prior in priors
            if PLACE in prior.carry and prior.vectors is not None
        ]
        if links:
            return stored(carried(links, content, self.kinds)).cpu()
        if not priors:
            self._tell(
                f"a shot begins at frame {index}: a single map is of the first shot alone, and from here on "
                "there is none; give one for every frame, or --no-cuts"
            )
        return None

    def painter(self, index: int, place: Tensor | None) -> Method:
        """The method, guided by the labels of frame `index`, if there are any."""
        if self.reader is None or self.maps is None or not isinstance(self.method, Guided):
            return self.method
        labels = self._labels(index, place)
        if labels is None:
            return self.method
        where = one_hot(labels.to(self.device), len(self.maps.palette.colours))
        for number, layer in self.method.small(where).items():
            name = _named(self.maps.palette.colours[number : number + 1])
            self._tell(f"region {name} is small: from {layer} on it is painted by the style as a whole", name)
        return self.method.guided(where)

    def _labels(self, index: int, place: Tensor | None) -> Tensor | None:
        """The numbers of the regions, uint8 (1, H, W)."""
        assert self.reader is not None
        if self.reader.clip.kind != "still":
            return self._read(index)
        if self.first is None:
            self.first = self._read(0)
        if self.maps is None or not self.maps.carries:
            return self.first
        if place is None:
            return None
        return looked_up(self.first.float(), restored(place.cpu()), "nearest").to(torch.uint8)

    def _read(self, index: int) -> Tensor:
        assert self.reader is not None and self.maps is not None
        path, pixels = self.reader.clip.path, _flat(self.reader.at(index))
        own = _palette("--labels", path, pixels)
        foreign = tuple(c for c in own.colours if self.maps.palette.nearest(c, own.exact) is None)
        for colour in foreign:
            name = _named([colour])
            self._tell(f"{path.name} has {name}, which no style has: painted by the style as a whole", name)
        labels = _numbered(pixels, own, self.maps.palette)
        return interpolate(labels[None].float(), self.size, mode="nearest-exact")[0].to(torch.uint8)

    def _tell(self, line: str, about: str = "") -> None:
        """Once."""
        if (about or line) not in self.told:
            self.told.add(about or line)
            self.notice(line)


def masks(maps: Maps, size: tuple[int, int], frames: FrameStore) -> Callable[[int], Tensor]:
    """By frame: where the painting is laid over the source, float32 (1, *size) in [0, 1]."""
    assert maps.mask is not None
    if maps.mask.kind != "still":
        reader = _Reader("--mask", maps.mask)
        return lambda index: _mask(reader.at(index), size)
    first = still_mask(maps.mask, size)
    if not maps.carries:
        return lambda index: first

    def moved(index: int) -> Tensor:
        carry = frames.load_carry(index)
        place = None if carry is None else load_tensors(carry).get(PLACE)
        return torch.zeros_like(first) if place is None else looked_up(first, restored(place), "bilinear")

    return moved


def still_mask(mask: Clip, size: tuple[int, int]) -> Tensor:
    """A mask that is one picture, float32 (1, *size) in [0, 1]."""
    return _mask(_Reader("--mask", mask).at(0), size)


def _mask(frame: Frame, size: tuple[int, int]) -> Tensor:
    return cleaned(resize(whiteness(frame.pixels, frame.alpha), size))


class _Reader:
    """Frames of a clip of maps, best asked for in order."""

    def __init__(self, option: str, clip: Clip) -> None:
        self.option, self.clip = option, clip
        self.frames: Iterator[Frame] = iter(())
        self.next: int | None = None

    def at(self, index: int) -> Frame:
        if index != self.next:
            self.frames = self.clip.frames(index)
        frame = next(self.frames, None)
        if frame is None:
            raise MediaError(f"{self.option} {self.clip.path} has no map for frame {index}")
        self.next = index + 1
        return frame


def _clip_entry(clip: Clip) -> dict[str, str]:
    if clip.kind == "still":
        return file_entry(clip.path)
    return {"name": clip.path.name, "digest": clip.digest()}


def _flat(frame: Frame) -> np.ndarray:
    """The colours of a map, uint8 (3, H, W)."""
    return to_uint8(on_paper(frame.pixels, frame.alpha))


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


def _named(colours: Sequence[Colour]) -> str:
    return ", ".join("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)
