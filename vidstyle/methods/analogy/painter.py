"""Deep Image Analogy (Liao, Yao, Yuan, Hua & Kang 2017), steady in time.

Letters as in the paper: A is the frame, B′ the exemplar; A′ has A's structure and the look of B′, and B has
the structure of B′ and the look of A. A field φ_ab matches places of A with places of B′; φ_ba leads back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.events import Notice, Observer, say_nothing
from vidstyle.features.recipes import check_layers
from vidstyle.features.vgg import VGG
from vidstyle.image.colour import luminance
from vidstyle.image.fields import Size, carried_field, follow, resized_field, upsample, vote
from vidstyle.image.patchmatch import Matches, normalised, search
from vidstyle.image.resize import fit, resize, resize_flow
from vidstyle.image.smooth import coloured, refined
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.reconstruct import deconvolve, structure
from vidstyle.methods.styleterm import is_flat
from vidstyle.types import Draft, Painted, Prior

_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
# Level -> side of the patches, and how far random places are tried; None is the whole map.
_PATCH = {5: 3, 4: 3, 3: 3, 2: 5, 1: 5}
_RADIUS = {5: None, 4: 6, 3: 6, 2: 4, 1: 4}
_VOTED = 5  # side of the patches that vote for the result
# Level -> α, the share of A's own features that is kept where there is structure.
_ALPHA = {
    "style": {4: 0.7, 3: 0.6, 2: 0.5, 1: 0.0},
    "balanced": {4: 0.8, 3: 0.7, 2: 0.6, 1: 0.1},
    "structure": {4: 0.9, 3: 0.8, 2: 0.7, 1: 0.2},
}
# The level at which a frame that follows another begins: its matches are nearly right already.
_TOP_AFTER = 3
_SEEN = 0.5  # weight above which a place is known from the frame before
_ROUNDS = 2  # of matching the voted result with the exemplar
_SMALL = 64  # shorter side in pixels of an exemplar that has few patches to choose from


Responses = dict[int, Tensor]
"""Level -> features of a picture, float32 (C, H, W)."""


@dataclass(frozen=True)
class _Found:
    """Matches at level 1: ab (2, H, W) from A into B′; ba from B′ into A, None with --one-way.

    analog: B, float32 (3, h, w). distance: mean squared distance of a place from its match.
    """

    ab: Tensor
    ba: Tensor | None
    analog: Tensor | None
    distance: float
    steps: int


class Analogy:
    """Paints a frame from patches of an exemplar that show what is like it.

    features: the network, with max pooling, on the device and in the precision to compute with.
    exemplar: float32 (3, H, W) in [0, 1], on that device, at its own size.
    notice: takes lines for the user about pictures that leave little to match.
    observer: is shown every step of the searches for features.
    """

    def __init__(
        self,
        features: VGG,
        exemplar: Tensor,
        options: AnalogyOptions,
        notice: Notice = say_nothing,
        observer: Observer | None = None,
    ) -> None:
        self.features = features
        self.observer = observer
        self.exemplar = exemplar
        self.options = options
        self._notice, self._told = notice, False
        self._tell_of_exemplar()
        check_layers(_LAYERS[: options.levels or 1], features.layers)
        reached = sum(layer in features.layers for layer in _LAYERS)
        self.top = min(options.levels or reached, len(_LAYERS))

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`.

        The carry holds the field φ_ab at the size of matching, int16 (2, H, W), and, where both ways are
        matched, φ_ba and B, float16, which stays as the shot's first frame made it.
        """
        if not priors and draft is not None:
            priors = [Prior(draft.image, torch.ones_like(draft.image[:1]), draft.carry)]
        exemplar = _no_larger(self.exemplar, max(content.shape[1:]))
        a, b = self._to_match(content, exemplar)
        self._tell_of_frame(a)
        known = priors and not self.options.independent and "field" in priors[0].carry
        found = self._after(a, b, priors[0], seed) if known else self._first(a, b, seed)
        image = self._result(content, exemplar, found, [] if self.options.independent else priors)
        carry = {"field": found.ab.to(torch.int16)}
        if found.ba is not None and found.analog is not None:
            carry |= {"back": found.ba.to(torch.int16), "analog": found.analog.half()}
        return Painted(image, carry, {"matching": found.distance}, found.steps)

    def _tell_of_exemplar(self) -> None:
        height, width = _size(self.exemplar)
        if is_flat(self.exemplar):
            self._notice("the exemplar is of one colour, and so will the result be")
        elif min(height, width) < _SMALL:
            self._notice(f"the exemplar has only {width}x{height} pixels: its few patches will repeat")

    def _tell_of_frame(self, image: Tensor) -> None:
        """Once: a film may be black for minutes. What is painted does not depend on whether it was told."""
        if not self._told and is_flat(image):
            self._notice(
                "a frame is of one colour, so there is nothing to match it by: its patches are chance"
            )
            self._told = True

    def _to_match(self, content: Tensor, exemplar: Tensor) -> tuple[Tensor, Tensor]:
        """A and B′ as they are matched: small enough for the memory, grey where only colour is wanted."""
        scale = min(1.0, (self.options.match_size or max(content.shape[1:])) / max(content.shape[1:]))
        pair = []
        for image in (content, exemplar):
            small = _no_larger(image, max(1, round(scale * max(image.shape[1:]))))
            pair.append(luminance(small) if self.options.color_only else small)
        return pair[0], pair[1]

    def _first(self, a: Tensor, b: Tensor, seed: int) -> _Found:
        """From the deepest level to the finest, with nothing known."""
        own_a, own_b = self._responses(a, self.top), self._responses(b, self.top)
        other_a, other_b = own_a[self.top], own_b[self.top]  # F_A′ = F_A, F_B = F_B′
        ab: Tensor | None = None
        ba: Tensor | None = None
        steps = 0
        for level in range(self.top, 0, -1):
            ours, theirs = self._compared(own_a[level], other_a, other_b, own_b[level])
            matches = self._search(level, ours, theirs, ab, seed)
            ab = matches.field
            if not self.options.one_way:
                ba = self._search(level, theirs, ours, ba, seed + 1).field
            steps += self.options.sweeps
            if level > 1:
                other_a, other_b = self._finer(level, own_a, own_b, ab, ba)
                sizes = _size(own_a[level - 1]), _size(own_b[level - 1])
                reach_a, reach_b = _size(own_a[level]), _size(own_b[level])
                ab = upsample(ab, sizes[0], reach_b, sizes[1])
                ba = None if ba is None else upsample(ba, sizes[1], reach_a, sizes[0])
        assert ab is not None
        ab = self._gathered(b, own_b[1], ab, seed)
        analog = None if ba is None else vote(a, ba, _VOTED)
        return _Found(ab, ba, analog, float(matches.distance.mean()), steps)

    def _gathered(self, b: Tensor, own_b: Tensor, ab: Tensor, seed: int) -> Tensor:
        """φ_ab with neighbours from one place of the exemplar: A′ is voted, and its own patches matched.

        Departure: where neighbouring matches disagree the vote mixes what does not fit together, and blurs.
        Two rounds of this, as in texture optimisation (Kwatra et al. 2005), make the strokes whole again.
        """
        for number in range(1, _ROUNDS + 1):
            voted = self._responses(vote(b, ab, _VOTED), 1)[1]
            ours, theirs = normalised(voted), normalised(own_b)
            ab = self._search(1, ours, theirs, ab, seed + number, sweeps=2).field
        return ab

    def _after(self, a: Tensor, b: Tensor, prior: Prior, seed: int) -> _Found:
        """From the frame before: its field, carried along the motion, is the start, its A′ the guess.

        No deconvolution is needed: A′ is known where the frame before shows it. Elsewhere the matches of
        the level above stand in, at the coarsest level those found in the whole exemplar.
        """
        top = min(self.top, _TOP_AFTER)
        own_a, own_b = self._responses(a, top), self._responses(b, top)
        before, seen, guess = self._known(prior, _size(a), _size(b))
        painted = self._responses(guess, top)
        analog = prior.carry["analog"].to(a) if "analog" in prior.carry else None
        others = own_b if analog is None else self._responses(analog, top)
        ab: Tensor | None = None
        for level in range(top, 0, -1):
            size, reach = _size(own_a[level]), _size(own_b[level])
            start, here = resized_field(before, size, _size(b), reach), _thinned(seen, size)
            if not bool(here.all()):
                if ab is None:
                    ours, theirs = normalised(own_a[level]), normalised(own_b[level])
                    ab = search(
                        ours, theirs, patch=_PATCH[level], sweeps=self.options.sweeps, seed=seed
                    ).field
                else:
                    ab = upsample(ab, size, _size(own_b[level + 1]), reach)
                start = torch.where(here, start, ab)
            look = torch.where(here, painted[level], follow(own_b[level], start))
            other_a = torch.lerp(look, own_a[level], self._kept(own_a[level], level))
            ours, theirs = self._compared(own_a[level], other_a, others[level], own_b[level])
            matches = self._search(level, ours, theirs, start, seed, sweeps=max(1, self.options.sweeps // 2))
            ab = matches.field
        assert ab is not None
        back = prior.carry["back"].to(a.device).long() if analog is not None else None
        return _Found(ab, back, analog, float(matches.distance.mean()), top * self.options.sweeps)

    def _known(self, prior: Prior, size: Size, reach: Size) -> tuple[Tensor, Tensor, Tensor]:
        """What the frame before says at the size of matching: its field, where it holds, and its A′."""
        before = prior.carry["field"].to(prior.image.device).long()
        if prior.vectors is not None:
            before = carried_field(before, resize_flow(prior.vectors, size), reach)
        painted = resize(prior.image, size)
        seen = resize(prior.weight, size) > _SEEN
        return before, seen, luminance(painted) if self.options.color_only else painted

    def _compared(
        self, own_a: Tensor, other_a: Tensor, other_b: Tensor, own_b: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What patches of A and of B′ are compared by: |F̄_A − F̄_B|² + |F̄_A′ − F̄_B′|².

        One way there is no B, and A′, which holds what is kept of A, is compared with B′ alone.
        """
        if self.options.one_way:
            return normalised(other_a), normalised(own_b)
        ours = torch.cat([normalised(own_a), normalised(other_a)])
        return ours, torch.cat([normalised(other_b), normalised(own_b)])

    def _search(
        self,
        level: int,
        ours: Tensor,
        theirs: Tensor,
        start: Tensor | None,
        seed: int,
        sweeps: int | None = None,
    ) -> Matches:
        radius = _RADIUS[level] if start is not None else None
        if radius is not None:
            radius = round(radius * self.options.randomness)
        return search(
            ours,
            theirs,
            patch=_PATCH[level],
            start=start,
            radius=radius,
            sweeps=sweeps or self.options.sweeps,
            seed=seed * 16 + level,
        )

    def _finer(
        self, level: int, own_a: Responses, own_b: Responses, ab: Tensor, ba: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """F_A′ and F_B one level down: F_A ∘ W + R_B′ ∘ (1 − W) and F_B′ ∘ W + R_A ∘ (1 − W)."""
        ways = [(own_a, own_b, ab)] if ba is None else [(own_a, own_b, ab), (own_b, own_a, ba)]
        looks, targets = [], []
        for here, there, field in ways:
            finer = upsample(field, _size(here[level - 1]), _size(there[level]), _size(there[level - 1]))
            looks.append(follow(there[level - 1], finer))
            targets.append(follow(there[level], field))
        if self.options.route == "deconvolve":
            layers = _LAYERS[level - 2], _LAYERS[level - 1]
            looks = deconvolve(self.features, looks, targets, layers, self.options.steps, self.observer)
        blended = [
            torch.lerp(look, here[level - 1], self._kept(here[level - 1], level - 1))
            for look, (here, _, _) in zip(looks, ways, strict=True)
        ]
        return blended[0], blended[-1]

    def _kept(self, features: Tensor, level: int) -> Tensor:
        alpha = _ALPHA[self.options.balance][level]
        return structure(features, alpha, self.options.steepness, self.options.threshold)

    def _result(self, content: Tensor, exemplar: Tensor, found: _Found, priors: Sequence[Prior]) -> Tensor:
        """A′ at full size: pixels of the exemplar, voted through the field, and of earlier frames."""
        size, reach = _size(content), _size(exemplar)
        small = _size(self._to_match(content, exemplar)[1])
        image = vote(exemplar, upsample(found.ab, size, small, reach), _VOTED)
        weight = torch.ones_like(content[:1])
        for prior in priors:
            share = self.options.temporal_weight * prior.weight
            image, weight = image + share * prior.image, weight + share
        image = (image / weight).clamp(0, 1)
        if self.options.color_only:
            image = coloured(luminance(content), image)
        return refined(content, image) if self.options.refine else image

    def _responses(self, image: Tensor, top: int) -> Responses:
        found = self.features(image[None], _LAYERS[:top])
        return {level: found[layer][0].float() for level, layer in enumerate(_LAYERS[:top], start=1)}


def _size(image: Tensor) -> Size:
    return image.shape[-2], image.shape[-1]


def _no_larger(image: Tensor, longest: int) -> Tensor:
    """A picture (3, H, W) with its longer side at most `longest`."""
    height, width = _size(image)
    columns, rows = fit(width, height, min(longest, max(height, width)))
    return resize(image, (rows, columns))


def _thinned(mask: Tensor, size: Size) -> Tensor:
    """A mask bool (1, H, W) at a smaller size, from the nearest place."""
    return interpolate(mask[None].float(), size, mode="nearest-exact")[0] > 0.5
