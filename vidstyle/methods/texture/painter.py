"""Textures from noise: the style term alone (Gatys, Ecker & Bethge 2015; Li & Wand 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.events import Observer
from vidstyle.features.recipes import Recipe
from vidstyle.features.vgg import VGG
from vidstyle.image.labels import shares_at
from vidstyle.image.resize import fit, resize, resize_wrapped
from vidstyle.losses import style_loss
from vidstyle.losses.temporal import temporal_loss
from vidstyle.losses.variation import grain_loss, total_variation
from vidstyle.methods.styleterm import ByStyle, StyleTerm, shares
from vidstyle.methods.terms import term_values
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.optimize import Minimum, Terms, history_for, minimise, pyramid_sizes
from vidstyle.types import Draft, Painted, Prior

# Longest side at which a texture begins: large parts of the pattern are laid out there.
_COARSEST = 64
_RATIO = 2.0
# Steps at each size of the first frame, and of a frame after it.
_STEPS = {"draft": (40, 8), "standard": (80, 15), "high": (200, 40)}
_RATE = 0.05
# Side in pixels of the blocks of the pictures that patches alone begin with. From noise they match everything
# with the same few patches, which then fill the texture; statistics would let the edges of the blocks stand.
_BLOCK = 16
# Steps at the smaller sizes, for each at the full size.
_COARSE_STEPS = 1.5


class Texture(ByStyle):
    """Paints what looks like the pictures and shows nothing: `content` gives no more than its size.

    features: the network, on the device and in the precision to compute with.
    styles: float32 (3, H, W) in [0, 1], on that device, at their own sizes. regions: theirs; see `StyleTerm`.
    observer: is shown every step of every search.
    """

    def __init__(
        self,
        features: VGG,
        recipe: Recipe,
        styles: Sequence[Tensor],
        options: TextureOptions,
        observer: Observer | None = None,
        regions: Sequence[Tensor] = (),
    ) -> None:
        self.features, self.recipe, self.options, self.observer = features, recipe, options, observer
        pictures = [_within(style, options.style_size) for style in styles]
        self.style = StyleTerm(
            features, recipe, pictures, shares(options.blend, len(styles)), options, regions
        )
        first, after = _STEPS[options.quality]
        self.steps, self.steps_after = options.steps or first, options.next_steps or after

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. A frame after others begins as they lie over one another, by their weights."""
        size = content.shape[1], content.shape[2]
        if draft is not None:
            found = self._minimise(draft.image, size, priors, self.steps_after)
        elif priors:
            total = torch.stack([prior.weight for prior in priors]).sum(dim=0)
            known = torch.stack([prior.weight * prior.image for prior in priors]).sum(dim=0)
            start = known / total.clamp_min(1e-6)
            if bool((total < 1e-6).any()):
                start = torch.where(total < 1e-6, self._noise(size, 1.0, seed), start)
            found = self._minimise(start, size, priors, self.steps_after)
        else:
            found = self._first(size, seed)
        return Painted(found.image, {}, found.losses, found.steps)

    def _levels(self, size: tuple[int, int]) -> list[tuple[tuple[int, int], int]]:
        """Sizes from coarse to fine and the steps at each."""
        *coarse, fine = pyramid_sizes(*size, coarsest=_COARSEST, ratio=_RATIO)
        return [*((each, round(_COARSE_STEPS * self.steps)) for each in coarse), (fine, self.steps)]

    def _first(self, size: tuple[int, int], seed: int) -> Minimum:
        levels = self._levels(size)
        image = self._noise(levels[0][0], max(levels[0][0]) / max(size), seed)
        taken = 0
        for each, steps in levels:
            found = self._minimise(self._resized(image, each), size, [], steps)
            image, taken = found.image, taken + found.steps
        return replace(found, steps=taken)

    def _noise(self, size: tuple[int, int], scale: float, seed: int) -> Tensor:
        """What a texture at `scale` of its full size begins with: float32 (3, *size).

        Pixels of their own, or blocks of the pictures, from anywhere in any of them.
        """
        generator = torch.Generator().manual_seed(seed)
        if not all(style_loss(name).pools for name in self.options.losses):
            return to_device(torch.rand(3, *size, generator=generator), self.style.pictures[0].device)
        pictures = [_scaled(picture, scale) for picture in self.style.pictures]
        cells = [-(-side // _BLOCK) for side in size]
        count = cells[0] * cells[1]
        which = torch.multinomial(torch.tensor(self.style.shares), count, True, generator=generator)
        places = torch.rand(count, 2, generator=generator)
        if self.where is not None:
            self._settle(which, places, cells)
        blocks = [_block(pictures[n], *at) for n, at in zip(which.tolist(), places.tolist(), strict=True)]
        rows = [torch.cat(blocks[i : i + cells[1]], dim=2) for i in range(0, count, cells[1])]
        return torch.cat(rows, dim=1)[:, : size[0], : size[1]]

    def _settle(self, which: Tensor, places: Tensor, cells: list[int]) -> None:
        """Move the blocks that begin a doodle to where the pictures show the region of their cells.

        which, places: of each cell, the picture and where its block lies in it, 0 to 1; changed in place.
        """
        assert self.where is not None
        wanted = shares_at(self.where, (cells[0], cells[1])).flatten(1).cpu()
        maps = [shares_at(region, (_BLOCK, _BLOCK)).cpu() for region in self.style.regions]
        spots = torch.stack(maps, dim=1).flatten(1)  # by region: of every picture, every place
        for cell, region in enumerate(wanted.argmax(dim=0).tolist()):
            fitting = (spots[region] >= 0.5 * spots[region].max()).nonzero()[:, 0]
            if not float(wanted[region, cell]) or not float(spots[region].max()):
                continue
            spot = int(fitting[int(places[cell, 0] * len(fitting)) % len(fitting)])
            which[cell] = spot // _BLOCK**2
            row, column = divmod(spot % _BLOCK**2, _BLOCK)
            places[cell] = torch.tensor([row, column]) / (_BLOCK - 1)

    def _resized(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        return (resize_wrapped if self.options.tile else resize)(image, size)

    def _minimise(self, image: Tensor, size: tuple[int, int], priors: Sequence[Prior], steps: int) -> Minimum:
        """Search from `image`, where the whole texture has `size`."""
        terms = self._terms(image, max(image.shape[1:]) / max(size), priors)
        with torch.enable_grad():
            return minimise(
                image,
                terms,
                steps=steps,
                optimizer="lbfgs",
                rate=_RATE,
                history=history_for(image, self.options.tile_size),
                observer=self.observer,
            )

    def _terms(self, image: Tensor, scale: float, priors: Sequence[Prior]) -> Terms:
        """The loss of a texture at `scale` of its full size, as a function of the picture."""
        options, recipe, wrap = self.options, self.recipe, self.options.tile
        where = None if self.where is None else shares_at(self.where, (image.shape[1], image.shape[2]))
        style = self.style.losses(scale, lambda picture: _scaled(picture, scale), wrap=wrap, where=where)
        grain = self.style.grain(lambda picture: _scaled(picture, scale), image[0].numel())

        def terms(x: Tensor) -> Mapping[str, Tensor]:
            found = term_values(self.features, x, {"style": style}, wrap=wrap, tile=options.tile_size)
            result = {
                "style": recipe.style * found["style"],
                "tv": options.tv_weight * recipe.tv * total_variation(x, wrap=wrap),
                "grain": options.tv_weight * recipe.grain * grain_loss(x, grain, wrap=wrap),
            }
            if priors:
                held = [temporal_loss(x, prior.image, prior.weight) for prior in priors]
                result["temporal"] = options.temporal_weight * recipe.temporal * torch.stack(held).sum()
            return result

        return terms


def _within(picture: Tensor, longest: int) -> Tensor:
    """A picture brought to at most `longest` pixels."""
    height, width = picture.shape[1:]
    columns, rows = fit(width, height, min(longest, max(height, width)))
    return resize(picture, (rows, columns))


def _scaled(picture: Tensor, scale: float) -> Tensor:
    height, width = picture.shape[1:]
    return resize(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def _block(picture: Tensor, down: float, right: float) -> Tensor:
    """A square of `_BLOCK` pixels; down, right: where it lies, 0 to 1. Smaller pictures repeat."""
    rows, columns = (
        (int(at * max(1, side - _BLOCK + 1)) + torch.arange(_BLOCK, device=picture.device)) % side
        for at, side in ((down, picture.shape[1]), (right, picture.shape[2]))
    )
    return picture[:, rows[:, None], columns]
