"""Deep feature interpolation (Upchurch et al. 2017): an attribute given to a picture, and to a film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vidstyle.errors import UsageError
from vidstyle.events import Observer
from vidstyle.flow.estimators import DISFlow
from vidstyle.image.colour import luminance, match_palette, palette
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import fit, resize, resize_flow
from vidstyle.image.warp import warp
from vidstyle.losses.temporal import temporal_loss
from vidstyle.losses.variation import total_variation
from vidstyle.methods.dfi.attribute import Attribute, combined
from vidstyle.methods.dfi.features import SetFeatures, View, fill
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.dfi.vector import AttributeVector
from vidstyle.optimize import Minimum, Terms, minimise
from vidstyle.types import Draft, Painted, Prior

# Weights that stand behind a user's 1, found by looking at drawn faces at 96 and 200 px.
_TV = 58.0
_COLOUR = 29.0
_TEMPORAL = 300.0
# Colour fringes, against colour that drifts as a whole.
_FRINGES = 4.0
# Steps of a shot's first frame, and after it.
_STEPS = {"draft": (60, 25), "standard": (150, 50), "high": (400, 120)}


@dataclass(frozen=True, eq=False)
class _Task:
    """One picture to edit, at the working size.

    x: float32 (3, h, w), the picture, a hole filled. change: φ(z) − φ(x) at strength 1, by layer.
    mask: float32 (1, h, w), where it may change. size: mean square of `change`.
    """

    x: Tensor
    change: Mapping[str, Tensor]
    mask: Tensor | None
    size: float


_Held = tuple[Tensor, Tensor]
"""What was changed in an earlier frame, warped into this one, float32 (3, h, w), and its weight (1, h, w)."""


class Dfi:
    """Paints a frame so that its features are the content's, moved along the attributes' vectors.

    features: with the network on the device to compute with; its layers are those interpolated.
    attributes: their vectors add up.
    hole: bool (1, H, W) at any size, what is to be inpainted: nothing else may change.
    landmarks: float64 (N, 2), (x, y) in sides of the frame, onto which the sets' pictures are brought.
    observer: is shown every step of every search.
    """

    def __init__(
        self,
        features: SetFeatures,
        attributes: Sequence[Attribute],
        options: DfiOptions,
        *,
        hole: Tensor | None = None,
        landmarks: np.ndarray | None = None,
        observer: Observer | None = None,
    ) -> None:
        if not attributes:
            raise UsageError("an edit needs at least one attribute")
        self.features, self.attributes, self.options = features, list(attributes), options
        self.hole, self.landmarks, self.observer = hole, landmarks, observer
        first, after = _STEPS[options.quality]
        self.steps, self.next_steps = options.steps or first, options.next_steps or after
        self._change: tuple[bytes, dict[str, Tensor]] | None = None

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. Nothing is random. Of several strengths it gives the last.

        The carry holds the first frame of the shot, small, as `anchor`, and its neighbours: a shot has one
        vector, which moves with what it belongs to. Of this frame, `place` leads to what it shows in the
        anchor, float16 (2, h, w) in pixels (see `Flow`), and `edit` is what was changed, float16 (3, h, w).
        With several strengths all their results are there as `series`, float32 (S, 3, H, W).
        """
        if self.options.independent:
            priors, draft = [], None
        priors = [prior for prior in priors if "edit" in prior.carry]  # a plain picture tells of no edit
        known = draft if draft is not None else next(iter(priors), None)
        small = self._small(content)
        carry = self._begin(small) if known is None else dict(known.carry)
        if known is not None and draft is None:
            carry["place"] = _place(small, priors[0]).half()
        task = self._task(small, carry)
        every = self._series(task) if known is None else [self._after(task, priors, draft)]
        images = [self._pasted(content, task, each.image) for each in every]
        carry["edit"] = (every[-1].image - task.x).half()
        if len(images) > 1:
            carry["series"] = torch.stack(images)
        return Painted(images[-1], carry, every[-1].losses, sum(each.steps for each in every))

    @torch.no_grad()
    def vector(self, carry: Mapping[str, Tensor]) -> AttributeVector:
        """Σ w of the shot that a painted frame's carry belongs to: what strength 1 adds, unscaled."""
        view = self._view(carry["anchor"])
        return AttributeVector(
            combined(self._vectors(carry, view, torch.device("cpu"))), view.size, self.features.fingerprint
        )

    def _size(self, height: int, width: int) -> tuple[int, int]:
        columns, rows = fit(width, height, min(max(height, width), self.options.edit_size))
        return rows, columns

    def _small(self, content: Tensor) -> Tensor:
        """The frame at the working size, a hole filled."""
        small = resize(content, self._size(content.shape[1], content.shape[2]))
        hole = self._view(small).hole
        return small if hole is None else fill(small, hole)

    def _view(self, small: Tensor) -> View:
        size = small.shape[1], small.shape[2]
        landmarks = None
        if self.landmarks is not None:
            landmarks = self.landmarks * (size[1], size[0]) - 0.5
        return View(size, landmarks, _hole(self.hole, size))

    def _begin(self, small: Tensor) -> dict[str, Tensor]:
        """The carry of a shot's first frame."""
        view = self._view(small)
        chosen = {f"neighbors{i}": each.choose(small, view).cpu() for i, each in enumerate(self.attributes)}
        place = torch.zeros(2, small.shape[1], small.shape[2], dtype=torch.float16)
        return {"anchor": torch.from_numpy(to_uint8(small)), "place": place, **chosen}

    def _task(self, small: Tensor, carry: Mapping[str, Tensor]) -> _Task:
        change = _followed(carry["place"].to(small), self._vector(small, carry))
        size = small.shape[1], small.shape[2]
        mask = None if self.hole is None else resize(self.hole.to(small), size)
        numbers = sum(part.numel() for part in change.values())
        square = sum(float(part.square().sum()) for part in change.values()) / numbers
        return _Task(small, change, mask, square)

    def _vector(self, small: Tensor, carry: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Σ α·w of the shot, with α for strength 1; kept until another shot begins."""
        key = repr((tuple(small.shape), [places.tolist() for places in self._chosen(carry)])).encode()
        if self._change is None or self._change[0] != key:
            vectors = self._vectors(carry, self._view(small), small.device)
            self._change = key, combined(vectors, self.options.scaling)
        return self._change[1]

    def _vectors(
        self, carry: Mapping[str, Tensor], view: View, device: torch.device
    ) -> list[AttributeVector]:
        pairs = zip(self.attributes, self._chosen(carry), strict=True)
        return [attribute.vector(places, view).on(device) for attribute, places in pairs]

    def _chosen(self, carry: Mapping[str, Tensor]) -> list[Tensor]:
        """The neighbours that a carry holds for each attribute."""
        return [carry[f"neighbors{i}"] for i in range(len(self.attributes))]

    def _series(self, task: _Task) -> list[Minimum]:
        """A shot's first frame at every strength."""
        found: list[Minimum] = []
        start = task.x
        for strength in self.options.strength:
            found.append(self._minimise(task, strength, start, [], self.steps))
            start = found[-1].image
        return found

    def _after(self, task: _Task, priors: Sequence[Prior], draft: Draft | None) -> Minimum:
        """From what the pass before changed in this frame, or else in the earlier ones, warped."""
        held = [_carried(prior, (task.x.shape[1], task.x.shape[2])) for prior in priors]
        if draft is not None:
            start = task.x + draft.carry["edit"].to(task.x)
        else:
            start = task.x + sum(edit * weight for edit, weight in held)
        return self._minimise(task, self.options.strength[-1], start.clamp(0, 1), held, self.next_steps)

    def _minimise(
        self, task: _Task, strength: float, start: Tensor, held: Sequence[_Held], steps: int
    ) -> Minimum:
        if strength == 0 or task.size == 0:
            return Minimum(task.x, {"features": 0.0}, 0)
        terms = self._terms(task, strength, held)
        with torch.enable_grad():
            found = minimise(
                start,
                terms,
                steps=steps,
                optimizer="lbfgs",
                tolerance=self.options.tolerance,
                observer=self.observer,
            )
        image = _within(task, found.image)
        if self.options.color == "content":
            image = match_palette(image, palette(task.x))
        return Minimum(image.clamp(0, 1), found.losses, found.steps, found.fall)

    def _terms(self, task: _Task, strength: float, held: Sequence[_Held]) -> Terms:
        """½|φ(x) + α·w − φ(z)|² + λ·R_TV, over ½|α·w|²: 1 where z = x, whatever the attribute.

        Departure: R_TV is of the change z − x, not of z. The picture keeps its own detail, strength 0 returns
        it as it is, and noise costs the same in a plain picture and a rich one. L_temporal likewise is of the
        change, against that of an earlier frame: the film keeps its own grain and what moves in it.
        """
        options = self.options
        before = self.features.full(task.x[None])
        targets = {layer: before[layer][0] + strength * part for layer, part in task.change.items()}
        numbers = sum(part.numel() for part in targets.values())
        whole = task.size * strength**2

        def terms(z: Tensor) -> Mapping[str, Tensor]:
            z = _within(task, z)
            found = self.features.network(z[None], targets)
            squares = [(found[layer][0].float() - target).square().sum() for layer, target in targets.items()]
            result = {
                "features": torch.stack(squares).sum() / (numbers * whole),
                "tv": options.tv_weight * _TV / whole * total_variation(z - task.x),
                "color": options.color_weight * _COLOUR / whole * _chroma(z - task.x),
            }
            if held:
                parts = [temporal_loss(z - task.x, edit, weight) for edit, weight in held]
                result["temporal"] = options.temporal_weight * _TEMPORAL * torch.stack(parts).sum()
            return result

        return terms

    def _pasted(self, content: Tensor, task: _Task, z: Tensor) -> Tensor:
        """The edit at the frame's own size: what changed, enlarged, is added to it, and it stays sharp."""
        size = content.shape[1], content.shape[2]
        base = content
        if (hole := _hole(self.hole, size)) is not None:
            base = torch.where(hole.to(content.device), resize(task.x, size), content)
        change = resize(z - task.x, size)
        if self.hole is not None:
            change = change * resize(self.hole.to(content), size)
        return (base + change).clamp(0, 1)


def _chroma(change: Tensor) -> Tensor:
    """How much a change (3, H, W) is one of colour, smooth or, which costs more, not.

    Departure: Upchurch et al. have no such term. A network tells shapes apart by colour, too, and where it
    may it draws a line in pink and green; a tint of the whole picture costs R_TV nothing.
    """
    chroma = change - luminance(change)
    return chroma.square().sum(dim=0).mean() + _FRINGES * total_variation(chroma)


def _place(small: Tensor, prior: Prior) -> Tensor:
    """Where in the shot's first frame is what `small` shows, float32 (2, h, w), from where it was before.

    The way there is carried along and corrected in every frame: it neither drifts, as a mere sum of flows
    would, nor is it lost when something has gone far, as by one flow over the whole way.
    """
    size = small.shape[1], small.shape[2]
    place, anchor = prior.carry["place"].to(small), prior.carry["anchor"].to(small.device)
    if prior.vectors is not None:
        vectors = resize_flow(prior.vectors, size)
        place = warp(place, vectors) + vectors
    now, there = to_uint8(small), to_uint8(warp(anchor.float() / 255, place, "bicubic"))
    if np.array_equal(now, there):
        return place
    rest = torch.from_numpy(DISFlow()(now, there)).to(small.device)
    return warp(place, rest) + rest


def _followed(place: Tensor, change: dict[str, Tensor]) -> dict[str, Tensor]:
    """The shot's vector as it lies in this frame.

    Departure: Upchurch et al. edit stills. Left where it was, the vector of a moving face would soon lie
    beside it.
    """
    if not place.any():
        return change
    return {
        layer: warp(part, resize_flow(place, (part.shape[1], part.shape[2])))
        for layer, part in change.items()
    }


def _carried(prior: Prior, size: tuple[int, int]) -> _Held:
    edit, weight = prior.carry["edit"].to(prior.image), resize(prior.weight, size)
    if prior.vectors is None:
        return edit, weight
    return warp(edit, resize_flow(prior.vectors, size), "bicubic"), weight


def _within(task: _Task, z: Tensor) -> Tensor:
    """`z` where the picture may change, the picture elsewhere."""
    return z if task.mask is None else task.x + task.mask * (z - task.x)


def _hole(hole: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    """bool (1, *size); a pixel of which any part is missing is missing."""
    return None if hole is None else resize(hole.float(), size) > 1e-3
