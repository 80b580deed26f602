"""Maps of labels and masks brought to the frame in hand; a single one is carried through a clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from vidstyle.errors import MediaError, UsageError
from vidstyle.events import Notice
from vidstyle.image.correspondence import at_start, carried, looked_up, packed, unpacked
from vidstyle.image.labels import one_hot
from vidstyle.image.masks import cleaned, whiteness
from vidstyle.image.resize import resize
from vidstyle.methods.base import Guided, Painter
from vidstyle.methods.guidance import Guidance, map_colours, named
from vidstyle.methods.maps import MapReader, open_map
from vidstyle.pipeline.canvas import Canvas
from vidstyle.types import Draft, Frame, Prior
from vidstyle.video.clip import Clip

PLACE = "map_place"  # under which places are carried; see `vidstyle.image.correspondence`


def open_mask(path: str | None, clip: Clip, start: int, stop: int | None) -> Clip | None:
    """The masks that --mask names, checked against frames [start, stop) of the clip. Raises MediaError."""
    if path is None:
        return None
    mask = open_map("--mask", path, clip, start, stop)
    if mask.kind == "still":
        frame = MapReader("--mask", mask).at(0)
        if not cleaned(whiteness(frame.pixels, frame.alpha)).any():
            raise MediaError(f"--mask {path} is black all over; what is to be painted is white in it")
    return mask


def is_carried(guidance: Guidance | None, mask: Clip | None, clip: Clip, independent: bool) -> bool:
    """Whether a single map is to do for a clip. Raises UsageError where nothing is carried in it."""
    maps = {"--labels": None if guidance is None else guidance.labels, "--mask": mask}
    single = [name for name, each in maps.items() if each is not None and each.kind == "still"]
    if not single or clip.kind == "still" or not clip.filmed:
        return False
    if independent:
        raise UsageError(
            f"{single[0]}: with --independent nothing is carried from frame to frame; give one map for every "
            "frame (a folder, a pattern or a video)"
        )
    return True


class Guide:
    """Brings the maps of a run to the frame in hand. carries: see `is_carried`."""

    def __init__(
        self,
        guidance: Guidance | None,
        mask: Clip | None,
        painter: Painter,
        *,
        carries: bool,
        canvas: Canvas,
        notice: Notice,
    ) -> None:
        self.guidance, self.mask, self.method = guidance, mask, painter
        self.carries, self.canvas, self.notice = carries, canvas, notice
        self.told: set[str] = set()
        self.reader = None if guidance is None else MapReader("--labels", guidance.labels)
        self.first: Tensor | None = None
        self.kinds = self._kinds() if carries else None

    def _kinds(self) -> Tensor:
        """What the pixels of the first frame are, by single maps of labels and of the mask: (1, H, W)."""
        kinds = torch.zeros(1, *self.canvas.size)
        if self.guidance is not None and self.guidance.labels.kind == "still":
            kinds += 2 * self._read(0)
        if self.mask is not None and self.mask.kind == "still":
            kinds += mask_at(MapReader("--mask", self.mask).at(0), self.canvas.size) > 0.5
        return self.canvas.move(kinds)

    def place(
        self, index: int, content: Tensor, priors: Sequence[Prior], draft: Draft | None, first: bool
    ) -> Tensor | None:
        """Where the pixels of frame `index` were in the first one, as it is stored with the frame.

        first: whether it is the first one itself: the first that shows anything.
        None where nothing is carried, or nothing reaches it: a single map is that of one shot.
        """
        if not self.carries:
            return None
        if draft is not None:
            return draft.carry.get(PLACE)
        if first:
            return packed(at_start(*self.canvas.size))
        links = [
            (unpacked(self.canvas.move(prior.carry[PLACE])), prior.vectors, prior.weight)
            for prior in priors
            if PLACE in prior.carry and prior.vectors is not None
        ]
        if links:
            return packed(carried(links, content, self.kinds)).cpu()
        if not priors:
            self._tell(
                f"a shot begins at frame {index}: a single map is of the first shot alone, and from here on "
                "there is none; give one for every frame, or --no-cuts"
            )
        return None

    def painter(self, index: int, place: Tensor | None) -> Painter:
        """The painter, guided by the labels of frame `index`, if there are any."""
        if self.guidance is None or not isinstance(self.method, Guided):
            return self.method
        labels = self._labels(index, place)
        if labels is None:
            return self.method
        colours = self.guidance.palette.colours
        where = one_hot(self.canvas.move(labels), len(colours))
        for number, layer in self.method.small(where).items():
            name = named(colours[number : number + 1])
            self._tell(f"region {name} is small: from {layer} on it is painted by the style as a whole", name)
        return self.method.guided(where)

    def _labels(self, index: int, place: Tensor | None) -> Tensor | None:
        """The numbers of the regions, uint8 (1, H, W)."""
        assert self.guidance is not None
        if self.guidance.labels.kind != "still":
            return self._read(index)
        if self.first is None:
            self.first = self._read(0)
        if not self.carries:
            return self.first
        if place is None:
            return None
        return looked_up(self.first.float(), unpacked(place.cpu()), "nearest").to(torch.uint8)

    def _read(self, index: int) -> Tensor:
        assert self.guidance is not None and self.reader is not None
        labels, foreign = self.guidance.numbers(map_colours(self.reader.at(index)), self.canvas.size)
        for name in foreign:
            path = self.guidance.labels.path.name
            self._tell(f"{path} has {name}, which no style has: painted by the style as a whole", name)
        return labels

    def _tell(self, line: str, about: str = "") -> None:
        """Once."""
        if (about or line) not in self.told:
            self.told.add(about or line)
            self.notice(line)


def masks(
    mask: Clip, size: tuple[int, int], carries: bool, carry: Callable[[int], Mapping[str, Tensor]]
) -> Callable[[int], Tensor]:
    """By frame: where the result is laid over the source, float32 (1, *size) in [0, 1].

    carry: what a painted frame has left, by which a single mask follows it where `carries`.
    """
    reader = MapReader("--mask", mask)
    if mask.kind != "still":
        return lambda index: mask_at(reader.at(index), size)
    first = mask_at(reader.at(0), size)
    if not carries:
        return lambda index: first

    def moved(index: int) -> Tensor:
        place = carry(index).get(PLACE)
        return torch.zeros_like(first) if place is None else looked_up(first, unpacked(place), "bilinear")

    return moved


def mask_at(frame: Frame, size: tuple[int, int]) -> Tensor:
    """A mask as it was drawn, brought to `size`, float32 (1, *size) in [0, 1]."""
    return cleaned(resize(whiteness(frame.pixels, frame.alpha), size))
