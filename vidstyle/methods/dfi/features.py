"""Features of the pictures of a set: as summaries to compare by, or in full to take a mean of."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.device import adaptive_avg_pool2d, to_device
from vidstyle.errors import MediaError
from vidstyle.events import Notice, say_nothing
from vidstyle.features.vgg import VGG
from vidstyle.image.convert import to_float
from vidstyle.image.resize import resize
from vidstyle.image.similarity import Similarity, apply_similarity, covered, estimate_similarity
from vidstyle.methods.dfi.cache import FeatureCache, cache_key
from vidstyle.methods.dfi.landmarks import Landmarks
from vidstyle.methods.dfi.sets import PictureSet
from vidstyle.video.pictures import decode_picture, picture_header, read_bytes

LAYERS = ("relu3_1", "relu4_1", "relu5_1")
"""φ of Upchurch et al. (2017): deep enough for meaning, and from them a picture can still be found."""

_GRID = 3  # rows and columns of the deepest layer that a summary keeps
_SECONDS_BETWEEN_NOTICES = 15.0
_NAMED = 3  # of the pictures that are skipped, in one message

Kind = Literal["summary", "full"]


@dataclass(frozen=True, eq=False)
class View:
    """How the pictures of a set are looked at, so that they can be compared with one picture.

    size: (height, width) of that picture in pixels. landmarks: float64 (N, 2), (x, y) in that picture, onto
    which the others are brought by their own; None fits them to the size, cut evenly where the shape differs.
    hole: bool (1, H, W), filled with the colours round it; None leaves all visible.
    """

    size: tuple[int, int]
    landmarks: np.ndarray | None = None
    hole: Tensor | None = None

    def look(self, image: Tensor, transform: Similarity | None) -> Tensor:
        """Any float32 (3, h, w) as float32 (3, *size)."""
        if transform is not None:
            image = apply_similarity(image, transform, self.size)
        else:
            image = cover(image, self.size)
        return image if self.hole is None else fill(image, self.hole)

    def key(self, transform: Similarity | None) -> str:
        """Says in a cache's key how a picture is looked at."""
        hole = "" if self.hole is None else hashlib.sha256(self.hole.cpu().numpy().tobytes()).hexdigest()
        return f"{self.size} {transform} {hole}"


def cover(image: Tensor, size: tuple[int, int]) -> Tensor:
    """`image` float32 (3, h, w) scaled to cover `size`, (height, width), and cut evenly where longer."""
    scale = max(size[0] / image.shape[1], size[1] / image.shape[2])
    height, width = (max(size[i], round(image.shape[1 + i] * scale)) for i in (0, 1))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    return resize(image, (height, width))[:, top : top + size[0], left : left + size[1]]


def fill(image: Tensor, hole: Tensor) -> Tensor:
    """`image` float32 (3, H, W) with the `hole`, bool (1, H, W), filled smoothly from what surrounds it.

    Pull and push (Gortler et al. 1996): where a scale knows nothing, the next coarser one, enlarged. All
    hole is grey.
    """
    known = (~hole.to(image.device)).float()
    sums = [torch.cat([image * known, known])]
    while max(sums[-1].shape[1:]) > 1:
        sums.append(F.avg_pool2d(sums[-1][None], 2, ceil_mode=True)[0])
    found = torch.full_like(sums[-1][:3], 0.5)
    for level in reversed(sums):
        coarse = F.interpolate(found[None], level.shape[1:], mode="bilinear", align_corners=False)[0]
        found = torch.where(level[3:] > 0, level[:3] / level[3:].clamp_min(1e-12), coarse)
    return torch.where(known > 0, image, found)


class SetFeatures:
    """Runs the pictures of sets through the network, each as seldom as can be.

    network: with max pooling, as trained, which suits matching. fingerprint: of its weights; what is in the
    cache belongs to it. layers: of a vector, ascending; the deepest gives the summaries. cache: None keeps
    nothing. marks: landmarks of the sets' pictures. notice: is told which pictures were skipped and, of
    a large set, how far it is.
    """

    def __init__(
        self,
        network: VGG,
        fingerprint: str,
        *,
        layers: Sequence[str] = LAYERS,
        cache: FeatureCache | None = None,
        marks: Landmarks | None = None,
        batch: int = 8,
        notice: Notice = say_nothing,
    ) -> None:
        self.network, self.fingerprint, self.layers = network, fingerprint, tuple(layers)
        self.cache, self.marks, self.batch, self.notice = cache, marks, batch, notice
        self._device = next(network.parameters()).device
        self._network_key = f"{fingerprint} {network.pooling} {network.dtype} {self.layers}"
        self._told: set[tuple[str, str]] = set()
        self._shapes: dict[tuple[int, int], dict[str, tuple[int, ...]]] = {}

    @torch.no_grad()
    def summary(self, batch: Tensor) -> Tensor:
        """Responses of the deepest layer to float32 (N, 3, H, W), pooled to 3x3: float32 (N, 9·C).

        That layer says what is seen more than how; pooled, a picture is a few thousand numbers instead of a
        million, and a small shift of the subject changes them little. The grid keeps poses apart.
        """
        (found,) = self.network(batch, self.layers[-1:]).values()
        return adaptive_avg_pool2d(found.float(), (_GRID, _GRID)).flatten(1)

    @torch.no_grad()
    def full(self, batch: Tensor) -> dict[str, Tensor]:
        """φ of float32 (N, 3, H, W): {layer: float32 (N, C, h, w)}."""
        return {layer: found.float() for layer, found in self.network(batch, self.layers).items()}

    def summaries(self, pictures: PictureSet, view: View) -> Iterator[tuple[list[int], Tensor]]:
        """(places in the set, float32 (N, D)): summaries of all pictures that can be read, in order."""
        skipped: list[str] = []
        told = time.monotonic()
        for begin in range(0, len(pictures.paths), self.batch):
            if time.monotonic() - told > _SECONDS_BETWEEN_NOTICES:
                told = time.monotonic()
                self.notice(f"{pictures.name}: {begin} of {len(pictures.paths)} pictures looked at")
            places = range(len(pictures.paths))[begin : begin + self.batch]
            rows = self._rows(pictures, places, view, "summary", skipped)
            if rows:
                yield list(rows), torch.stack(list(rows.values()))
        if skipped:
            more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
            self.notice(f"{pictures.name}: skipped {'; '.join(skipped[:_NAMED])}{more}")

    def mean(self, pictures: PictureSet, places: Sequence[int], view: View) -> dict[str, Tensor]:
        """Mean φ of some pictures of a set, {layer: float32 (C, h, w)}; see `moments`."""
        return self.moments(pictures, places, view)[0]

    def moments(
        self, pictures: PictureSet, places: Sequence[int], view: View
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Mean and variance of φ over some pictures of a set, each {layer: float32 (C, h, w)}.

        One batch is in memory at a time (Chan, Golub & LeVeque 1983, for merging batches). Raises MediaError
        where a picture cannot be read.
        """
        mean, squares = torch.zeros(()), torch.zeros(())
        for begin in range(0, len(places), self.batch):
            some, unread = places[begin : begin + self.batch], list[str]()
            rows = self._rows(pictures, some, view, "full", unread)
            if unread:
                raise MediaError(unread[0])
            stack = torch.stack([rows[place] for place in some])
            spread, own = torch.var_mean(stack, dim=0, correction=0)
            step, share = own - mean.to(own), len(some) / (begin + len(some))
            mean = mean.to(own) + step * share
            squares = squares.to(own) + len(some) * (spread + step.square() * (1 - share))
        if not places:
            raise ValueError("a mean needs at least one picture")
        return self._by_layer(mean, view), self._by_layer(squares / len(places), view)

    def _by_layer(self, row: Tensor, view: View) -> dict[str, Tensor]:
        shapes = self.shapes(view.size)
        parts = row.split([math.prod(shape) for shape in shapes.values()])
        return {layer: part.view(shape) for (layer, shape), part in zip(shapes.items(), parts, strict=True)}

    def coverage(self, pictures: PictureSet, places: Sequence[int], view: View) -> Tensor:
        """Which share of some pictures shows each pixel of the view: float32 (1, H, W).

        1 everywhere without landmarks; with them a picture may be too small to reach the borders.
        """
        if view.landmarks is None:
            return torch.ones(1, *view.size, device=self._device)
        total = torch.zeros(1, *view.size)
        for path in (pictures.paths[place] for place in places):
            width, height = picture_header(read_bytes(path), path).upright_size
            transform = self._transform(path, view)
            assert transform is not None
            total += covered((height, width), transform, view.size)
        return (total / len(places)).to(self._device)

    def shapes(self, size: tuple[int, int]) -> dict[str, tuple[int, ...]]:
        """{layer: (C, h, w)} of φ at a size, (height, width)."""
        if size not in self._shapes:
            blank = self.full(torch.zeros(1, 3, *size, device=self._device))
            self._shapes[size] = {layer: tuple(found.shape[1:]) for layer, found in blank.items()}
        return self._shapes[size]

    def _rows(
        self, pictures: PictureSet, places: Sequence[int], view: View, kind: Kind, unread: list[str]
    ) -> dict[int, Tensor]:
        """By place, in order: each picture's row, float32 (D,). Why a picture has none goes to `unread`."""
        rows: dict[int, Tensor] = {}
        keys: dict[int, str] = {}
        images: dict[int, Tensor] = {}
        for place in places:
            path = pictures.paths[place]
            try:
                data = read_bytes(path)
                transform = self._transform(path, view)
                keys[place] = self._key(data, view.key(transform), kind)
                kept = self._kept(keys[place], view, kind)
                if kept is not None:
                    rows[place] = kept
                else:
                    pixels, _ = decode_picture(data, path, partial(self._tell, path.name, pictures.name))
                    images[place] = view.look(to_float(pixels), transform)
            except MediaError as error:
                unread.append(str(error))
        if images:
            found = self._computed(self._full_batch(list(images.values())), kind)
            for place, row in zip(images, found, strict=False):
                if self.cache is not None:
                    self.cache.put(keys[place], row.cpu().numpy())
                rows[place] = row.float()
        return {place: rows[place] for place in places if place in rows}

    def _tell(self, picture: str, whole: str, line: str) -> None:
        """What was made of a picture beyond reading it, of the first of its kind in a set alone."""
        kind = (whole, line.removeprefix(picture))
        if kind not in self._told:
            self._told.add(kind)
            self.notice(f"{whole}: {line}, as in all like it")

    def _full_batch(self, images: list[Tensor]) -> Tensor:
        """(self.batch, 3, H, W): the images and, where they are fewer, the first again.

        Convolutions of another number of pictures are summed in another order. Rows would depend, in their
        last bits, on which pictures were in the cache already.
        """
        missing = self.batch - len(images)
        return torch.stack([*images, *images[:1] * missing]).to(self._device)

    def _computed(self, batch: Tensor, kind: Kind) -> Tensor:
        """Rows (N, D). In full they are rounded to half precision, cached or not: it halves the disk they
        take, and a mean must not depend on what was in the cache."""
        if kind == "summary":
            return self.summary(batch)
        return torch.cat([found.flatten(1) for found in self.full(batch).values()], dim=1).half()

    def _kept(self, key: str, view: View, kind: Kind) -> Tensor | None:
        if self.cache is None:
            return None
        shapes = self.shapes(view.size)
        wide = _GRID**2 * shapes[self.layers[-1]][0]
        values = self.cache.get(key, wide if kind == "summary" else sum(map(math.prod, shapes.values())))
        if values is None:
            return None
        return to_device(torch.from_numpy(values.astype(np.float32)), self._device)

    def _key(self, data: bytes, look: str, kind: Kind) -> str:
        if self.cache is None:
            return ""
        digest = hashlib.sha256(data).hexdigest()
        return cache_key(network=self._network_key, picture=digest, look=look, kind=kind)

    def _transform(self, path: Path, view: View) -> Similarity | None:
        if view.landmarks is None:
            return None
        if self.marks is None:
            raise MediaError(f"{path} has no landmarks")
        try:
            return estimate_similarity(self.marks[path], view.landmarks)
        except ValueError as error:
            raise MediaError(f"{path}: {error}") from None
