"""Scene completion (Hays & Efros 2007): a hole filled with what another picture shows there."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.events import Notice
from vidstyle.image.convert import on_paper
from vidstyle.image.diffusion import diffused
from vidstyle.image.gist import CELLS, described, scene_distances
from vidstyle.image.graphcut import cheapest_cut
from vidstyle.image.poisson import gradients, seamless
from vidstyle.image.resize import fit, resize
from vidstyle.image.sheet import numbered
from vidstyle.methods.fill.index import Index
from vidstyle.methods.fill.placing import Place, Surroundings, placed, refined, window
from vidstyle.video.pictures import read_picture
from vidstyle.video.thumbnails import read_thumbnail

SHOWN = 20
"""Candidates that are kept to choose from."""
_SCENES = 200
_SOUGHT, _CUT = 320, 640  # longest side at which places are looked for, and at which seams are
_GIVE_UP = 0.002 * 1024  # what is given up, per longest side of way to the hole; it costs the cube of that
_UNLIKE = 30.0  # root mean squared distance in L*a*b* around the hole from which on nothing fits
_COLUMNS, _CELL = 5, 256


@dataclass(frozen=True, eq=False)
class _Candidate:
    """scene: how unlike it is as a whole. taken: where it is shown, at the size of seams; cut: the cost."""

    path: Path
    scene: float
    place: Place
    taken: Tensor
    cut: float


class SceneCompletion:
    """Completes pictures from a library.

    source: what is completed, which is left out where it lies in the library itself. shown: how many
    candidates there are to be on the sheet; 0 for none. choose: which one is taken, from 1.
    """

    def __init__(self, index: Index, source: Path, shown: int, choose: int, notice: Notice) -> None:
        self._index, self._source = index, source.resolve()
        self._shown, self._choose, self._notice = shown, choose, notice

    def __call__(self, picture: Tensor, hole: Tensor) -> tuple[Tensor, Tensor | None]:
        """A picture float32 (3, H, W) in [0, 1] with its hole, bool (1, H, W), filled, and the sheet."""
        small, covered = _smaller(picture, hole, _CUT)
        about = Surroundings(small, covered)
        candidates = self._candidates(small, covered, about)
        if len(candidates) < self._choose:
            raise MediaError(
                f"--choose {self._choose}: --library {self._index.folder} has {len(candidates)} pictures to "
                "choose from"
            )
        chosen = candidates[self._choose - 1]
        if chosen.place.same:
            raise MediaError(
                f"--library {self._index.folder}: {chosen.path.name} is this very picture, with what is to "
                "be taken out; give other pictures, or take --by patches"
            )
        self._tell(chosen)
        pictures = [
            _composed(small, covered, about, each, _read(each.path, _CUT))
            for each in candidates[: self._shown]
        ]
        sheet = numbered(pictures, _COLUMNS, _CELL) if pictures else None
        return _composed(picture, hole, about, chosen, on_paper(*read_picture(chosen.path))), sheet

    def _tell(self, chosen: _Candidate) -> None:
        folder = self._index.folder
        if chosen.place.colour**0.5 > _UNLIKE:
            self._notice(
                f"nothing in {folder.name} is like this scene: look well at what is filled, or take --by "
                "patches; other pictures of the same place would help"
            )
        self._notice(f"filled from {chosen.path.relative_to(folder)}")

    def _candidates(self, small: Tensor, covered: Tensor, about: Surroundings) -> list[_Candidate]:
        """The best ones, the best first: by the scene, what is around the hole, its texture, and the seam.

        Last is what shows the picture itself, with that which is to be taken out.
        """
        seeking = Surroundings(*_smaller(small, covered, _SOUGHT))
        found = [
            (path, distance, placed(_read(path, _SOUGHT), seeking))
            for distance, path in self._scenes(small, covered)
        ]
        fits = [(distance, place.colour, place.texture) for _, distance, place in found]
        best = [found[i] for i in _order(fits, [place.same for _, _, place in found])[: 2 * SHOWN]]
        cut = [_cut(path, distance, place, about) for path, distance, place in best]
        terms = [(each.scene, each.place.colour, each.place.texture, each.cut) for each in cut]
        return [cut[i] for i in _order(terms, [each.place.same for each in cut])[:SHOWN]]

    def _scenes(self, small: Tensor, covered: Tensor) -> list[tuple[float, Path]]:
        """The scenes most like this one, the most alike first."""
        scene = described(diffused(small, ~covered)).cpu()
        visible = F.adaptive_avg_pool2d((~covered)[None].float(), CELLS)[0, 0].cpu()

        def others() -> Iterator[tuple[float, Path]]:
            for paths, looks in self._index.looks():
                apart = scene_distances(scene, visible, looks).tolist()
                yield from (each for each in zip(apart, paths, strict=True) if self._is_other(each[1]))

        return heapq.nsmallest(_SCENES, others())

    def _is_other(self, path: Path) -> bool:
        return path.name != self._source.name or path.resolve() != self._source


def _cut(path: Path, distance: float, found: Place, about: Surroundings) -> _Candidate:
    scene = _read(path, _CUT)
    place = refined(scene, found, about)
    taken, cost = _seam(window(scene, place, about.box, about.longest), about)
    return _Candidate(path, distance, place, taken, cost)


def _seam(shown: Tensor, about: Surroundings) -> tuple[Tensor, float]:
    """Where a scene is taken, bool (1, h, w), and the cost of the seam by its usual length.

    Within the hole it must be, beyond the context it must not. A pixel that is given up costs (0.002 · its
    distance to the hole)³, in pixels of 1024 for the longest side; a step of the seam the gradient of the
    squared difference of the pictures: it may run through what differs evenly, which blending levels.
    """
    apart = (shown - about.picture).square().sum(0, keepdim=True)
    down, right = gradients(torch.where(about.hole, 0, apart))
    step = (down.square() + right.square()).sqrt()[0]
    give_up = (_GIVE_UP * about.away[0] / about.longest) ** 3
    kept = ~(about.context | about.hole)[0]
    taken, cost = cheapest_cut(
        *(each.cpu().numpy() for each in (about.hole[0], kept, give_up.double(), step.double()))
    )
    return torch.from_numpy(taken)[None].to(shown.device), cost / float(about.hole.sum()) ** 0.5


def _composed(
    picture: Tensor, hole: Tensor, about: Surroundings, chosen: _Candidate, scene: Tensor
) -> Tensor:
    """The picture with what is chosen, blended by its gradients, at the picture's own size.

    about: of the picture at the size at which the seam was found. scene: what is chosen, at any size.
    """
    size = picture.shape[1], picture.shape[2]
    box = about.box.enlarged(max(size) / about.longest, size)
    shown = window(scene.to(picture), chosen.place, box, max(size))
    taken = resize(chosen.taken.float(), (box.height, box.width)) > 0.5
    result = picture.clone()
    part = box.of(result)
    part.copy_(seamless(shown, part, taken | box.of(hole)).clamp(0, 1))
    return result


def _read(path: Path, longest: int) -> Tensor:
    """A picture with no side above `longest`."""
    picture = on_paper(*read_thumbnail(path, longest))
    columns, rows = fit(picture.shape[2], picture.shape[1], min(longest, max(picture.shape[1:])))
    return resize(picture, (rows, columns))


def _smaller(picture: Tensor, hole: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """A picture and its hole with no side above `longest`."""
    columns, rows = fit(picture.shape[2], picture.shape[1], min(longest, max(picture.shape[1:])))
    if (rows, columns) == tuple(picture.shape[1:]):
        return picture, hole
    return resize(picture, (rows, columns)), F.adaptive_max_pool2d(hole[None].float(), (rows, columns))[0] > 0


def _order(terms: Sequence[tuple[float, ...]], last: Sequence[bool]) -> list[int]:
    """Indices, the least sum of the terms first, in which each counts as much as the others on average."""
    usual = [max(sum(column) / len(terms), 1e-9) for column in zip(*terms, strict=True)]
    scores = [sum(term / mean for term, mean in zip(row, usual, strict=True)) for row in terms]
    return sorted(range(len(terms)), key=lambda i: (last[i], scores[i]))
