"""Neural style (Gatys, Ecker & Bethge 2016; Li & Wand 2016), steady in time (Ruder et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.events import Notice, Observer, say_nothing
from vidstyle.features.recipes import Recipe, check_layers, strengthened
from vidstyle.features.tiles import responses
from vidstyle.features.vgg import VGG
from vidstyle.image.labels import shares_at
from vidstyle.image.recolour import recolour_unpainted
from vidstyle.image.resize import fit, resize
from vidstyle.losses.temporal import temporal_loss, tint_loss
from vidstyle.losses.variation import grain_loss, total_variation
from vidstyle.methods.style.colours import MODES, Colours, GivenColours
from vidstyle.methods.style.medium import Paint, Photograph
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.priors import (
    Tint,
    composed,
    entered_in,
    held,
    known_in,
    ripened,
    seen_in,
    shared,
    unseen,
)
from vidstyle.methods.style.schedule import Schedule, Search
from vidstyle.methods.styleterm import ByStyle, StyleTerm, lacking, shares
from vidstyle.methods.terms import LayerLoss, content_term, term_values
from vidstyle.optimize import Minimum, Terms, history_for
from vidstyle.types import Draft, Painted, Prior

# Below this share of a frame, what no earlier frame shows is not worth a style term of its own.
_UNSEEN_SHARE = 0.002
# Deviation of the noise that a painting starts with.
_STIR = 0.1
# How hard what comes into view is held to the colours of its kind, relative to how hard the rest is held to
# what it was. The style alone would give it any: a tree that enters turns red and stays so.
_TINT = 0.1


class NeuralStyle(ByStyle):
    """Paints a frame so that its features match the content's and its Gram matrices the style's.

    features: the network, on the device and in the precision to compute with.
    styles: style pictures, float32 (3, H, W) in [0, 1], on that device, at their own sizes.
    init: what a shot starts from, where the options name a file: a picture float32 (3, H, W), or what makes
        one of the frame.
    observer: is shown every step of every search.
    regions: of each style picture; see `StyleTerm`.
    notice: takes lines for the user about pictures that show too little of a style.
    """

    def __init__(
        self,
        features: VGG,
        recipe: Recipe,
        styles: Sequence[Tensor],
        options: NeuralOptions,
        init: Tensor | Callable[[Tensor], Tensor] | None = None,
        observer: Observer | None = None,
        regions: Sequence[Tensor] = (),
        notice: Notice = say_nothing,
    ) -> None:
        self.features = features
        self.options = options
        self.init = init
        self.observer = observer
        self.style = StyleTerm(features, recipe, styles, shares(options.blend, len(styles)), options, regions)
        self.recipe = replace(
            strengthened(recipe, options.strength),
            content_layers=options.content_layers or recipe.content_layers,
            style_layers=options.style_layers or recipe.style_layers,
        )
        check_layers(self.recipe.content_layers, features.layers)
        self.colours: Colours = MODES[options.color]()
        self.medium = Paint()
        if options.photo:
            self.colours = GivenColours(self.style.pictures, self.style.shares, regions)
            self.medium = Photograph()
        self.recipe = replace(self.recipe, style=self.medium.style_share * self.recipe.style)
        self.schedule = Schedule(options)
        self._notice, self._told = notice, set[str]()

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`.

        The carry holds how far the painting has come, and the colours of the shot's first frame, if matched.
        """
        self._tell_of_styles((content.shape[1], content.shape[2]))
        if self.options.independent and draft is None:
            priors = []
        known = draft if draft is not None else next(iter(priors), None)
        decided = self._decided(content, None if known is None else known.carry)
        subject, target = self.colours.subject(content, decided, self.where), self.colours.target(decided)
        priors = shared([replace(prior, image=self.colours.kept(prior.image)) for prior in priors])
        if draft is not None:
            found = self._again(subject, priors, self.colours.kept(draft.image), draft.number, target)
        elif priors:
            found = self._after(subject, priors, target)
        else:
            found = self._first(subject, target, seed)
        carry = {"rest": self._rest(found, priors)}
        if priors and draft is None and self.medium.strokes:
            carry |= ripened(priors)
        if decided is not None:
            carry["palette"] = decided
        return Painted(self.finished(content, found.image), carry, found.losses, found.steps)

    def _tell_of_styles(self, size: tuple[int, int]) -> None:
        """Once. What is painted does not depend on whether it was told."""
        scale, wanted = self.options.style_scale, max(size) * self.options.style_scale
        for picture in self.style.pictures:
            lines = [lacking(scaled_style(picture, size, scale))]
            if scale > 1 and (longest := max(picture.shape[1:])) < int(wanted):
                lines.append(
                    f"--style-scale {scale:g} asks for a style picture of {wanted:.0f} pixels, and one has "
                    f"{longest}: none is enlarged; give a larger one, or paint at a smaller --size"
                )
            for line in lines:
                if line is not None and line not in self._told:
                    self._told.add(line)
                    self._notice(line)

    def _decided(self, content: Tensor, carry: Mapping[str, Tensor] | None) -> Tensor | None:
        """What the shot's first frame decides of the colours. carry: of a frame that is painted already."""
        if carry is None:
            return self.colours.decided(content, self.where)
        return carry["palette"].to(content.device) if "palette" in carry else None

    def finished(self, content: Tensor, image: Tensor) -> Tensor:
        """What becomes of the picture that was searched, float32 (3, H, W) of the size of `content`."""
        return self.colours.finished(content, image)

    def _first(self, subject: Tensor, colours: Tensor | None, seed: int) -> Minimum:
        """Coarse to fine, from the start that the options ask for."""
        levels = self.schedule.levels(subject.shape[1], subject.shape[2])
        image = self._start(subject, levels[0][0], seed)
        taken = 0
        for size, search in levels:
            found = self._minimise(resize(image, size), resize(subject, size), [], colours, search)
            image, taken = found.image, taken + found.steps
        return replace(found, steps=taken)

    def _start(self, subject: Tensor, size: tuple[int, int], seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        if self.options.init == "noise" or (self.options.independent and self.medium.strokes):
            return to_device(torch.rand(3, *size, generator=generator), subject.device)
        start = self.init(subject) if callable(self.init) else subject if self.init is None else self.init
        start = resize(self.colours.kept(start), size)
        if self.init is not None or not self.medium.strokes:
            return start
        noise = min(1.0, self.options.strength) * _stir(size, generator)
        return (start + to_device(noise, start.device)).clamp(0, 1)

    def _after(self, subject: Tensor, priors: Sequence[Prior], colours: Tensor | None) -> Minimum:
        """From the earlier frames, warped, and what they do not show in the colours of its kind.

        Departure from Ruder et al. (2016), who start that from the subject as it is and hold it at once to
        what few steps have made of it: it would stay paler than what surrounds it. Here it is painted on for
        some frames, by a style term of its own; the picture as a whole has its style already.
        """
        if (resting := self._resting(subject, priors, colours)) is not None:
            return resting
        priors = self.medium.earlier(subject, priors)
        start, known = composed(subject, priors), known_in(priors)
        tint: Tint | None = None
        if float(1 - known.mean()) > _UNSEEN_SHARE:
            tint = Tint(recolour_unpainted(subject, start, known), 1 - known)
            start = composed(tint.image, priors)
        search = self.schedule.later(unseen(priors))
        return self._minimise(start, subject, held(priors), colours, search, tint)

    def _again(
        self, subject: Tensor, priors: Sequence[Prior], draft: Tensor, number: int, colours: Tensor | None
    ) -> Minimum:
        """From the pass before, blended with what this pass has just painted beside it.

        x ← (x + Σ c ω) / (1 + Σ c)  (Ruder, Dosovitskiy & Brox 2016, section 4.3).
        """
        priors = self.medium.earlier(subject, priors)
        total = torch.stack([p.weight * p.image for p in priors]).sum(dim=0) if priors else 0
        start = (draft + total) / (1 + seen_in(priors)) if priors else draft
        earlier = priors if number >= self.options.temporal_from else []
        search = self.schedule.later()
        return self._minimise(start, subject, earlier, colours, search)

    def _resting(self, subject: Tensor, priors: Sequence[Prior], colours: Tensor | None) -> Minimum | None:
        """The frames before as they are, if the last had come to rest and this one begins as that ended.

        Where nothing moves a frame so costs one look instead of a painting. Blur from warping, like any
        other change, makes the loss rise until it is painted again.
        """
        *ended, fall = priors[0].carry.get("rest", torch.tensor([0.0, 0.0, 1.0])).tolist()
        enough = self.options.tolerance * self.schedule.after
        if fall >= enough or float(1 - known_in(priors).mean()) > _UNSEEN_SHARE:
            return None
        start = composed(subject, priors)
        now = {name: float(term) for name, term in self._terms(subject, priors, colours)(start).items()}
        begins = now["content"], sum(now.values())
        alike = all(abs(one - other) <= enough * other for one, other in zip(begins, ended, strict=True))
        return Minimum(start, now, 0) if alike else None

    def _rest(self, found: Minimum, priors: Sequence[Prior]) -> Tensor:
        """Content and whole loss with which the last painting ended, and the share by which the loss fell."""
        if found.steps == 0:
            return priors[0].carry["rest"]
        return torch.tensor([found.losses["content"], sum(found.losses.values()), found.fall])

    def _minimise(
        self,
        image: Tensor,
        subject: Tensor,
        priors: Sequence[Prior],
        colours: Tensor | None,
        search: Search,
        tint: Tint | None = None,
    ) -> Minimum:
        return self.medium.search(
            image,
            subject,
            self._terms(subject, priors, colours, tint),
            self.observer,
            steps=search.steps,
            optimizer=search.optimizer,
            rate=search.rate,
            tolerance=self.options.tolerance,
            history=history_for(image, self.options.tile_size),
        )

    def _terms(
        self,
        subject: Tensor,
        priors: Sequence[Prior],
        colours: Tensor | None,
        tint: Tint | None = None,
    ) -> Terms:
        """The painting loss of `subject`, as a function of the picture."""
        options, recipe = self.options, self.recipe
        fresh = None if tint is None else entered_in(priors)
        style = self.style_term((subject.shape[1], subject.shape[2]), colours, fresh)
        tile = options.tile_size
        contents = content_term(responses(self.features, subject, recipe.content_layers, side=tile))
        _, scale = self._at((subject.shape[1], subject.shape[2]), colours)
        grain = self.style.grain(scale, subject[0].numel()) if self.medium.strokes else None

        def terms(x: Tensor) -> Mapping[str, Tensor]:
            found = term_values(self.features, x, {"style": style, "content": contents}, tile=tile)
            result = {
                "style": options.style_weight * recipe.style * found["style"],
                "content": options.content_weight * recipe.content * (found["content"] / len(contents)),
                "tv": options.tv_weight * recipe.tv * total_variation(self.medium.rough(x, subject)),
            }
            if grain is not None:
                result["grain"] = options.tv_weight * recipe.grain * grain_loss(x, grain)
            if priors:
                form = options.temporal_loss
                held = [temporal_loss(x, prior.image, prior.weight, form) for prior in priors]
                result["temporal"] = options.temporal_weight * recipe.temporal * torch.stack(held).sum()
            if tint is not None:
                factor = _TINT * options.temporal_weight * recipe.temporal
                result["tint"] = factor * tint_loss(x, tint.image, tint.weight)
            return result

        return terms

    def style_term(
        self, size: tuple[int, int], colours: Tensor | None = None, fresh: Tensor | None = None
    ) -> list[LayerLoss]:
        """The style term for one minimisation of a frame of `size`, (height, width).

        colours: of the palette that the styles are matched to, if they are. fresh: see `StyleTerm.losses`.
        """
        where = None if self.where is None else shares_at(self.where, size)
        return self.style.losses(*self._at(size, colours), where=where, fresh=fresh)

    def _at(
        self, size: tuple[int, int], colours: Tensor | None
    ) -> tuple[Hashable, Callable[[Tensor], Tensor]]:
        key = size, b"" if colours is None else colours.cpu().numpy().tobytes()
        return key, lambda picture: self._scaled(picture, size, colours)

    def _scaled(self, picture: Tensor, size: tuple[int, int], colours: Tensor | None) -> Tensor:
        """A style picture scaled to a frame of `size`, and recoloured where asked."""
        picture = scaled_style(picture, size, self.options.style_scale)
        return picture if colours is None else self.colours.styled(picture, colours)


def scaled_style(picture: Tensor, size: tuple[int, int], scale: float = 1.0) -> Tensor:
    """A style picture float32 (3, H, W) scaled to a frame of `size`, (height, width), never above its own.

    scale: its longer side, relative to the frame's.
    """
    height, width = picture.shape[1:]
    longest = min(max(height, width), max(8, round(max(size) * scale)))
    columns, rows = fit(width, height, longest)
    return resize(picture, (rows, columns))


def _stir(size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """A little noise of four octaves, float32 (3, *size), deviation about `_STIR`.

    Where a subject is plain every pixel would have the same gradient but for those at the border: strokes
    would begin there, and black, which no gradient lifts, would stay black.
    """
    octaves = [[max(1, side >> octave) for side in size] for octave in range(4)]
    each = [resize(torch.randn(3, *own, generator=generator), size) for own in octaves]
    return _STIR * torch.stack(each).sum(dim=0) / len(octaves) ** 0.5
