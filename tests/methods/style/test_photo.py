"""--photo: the style's colours and light on a picture whose edges and grain stay its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.methods.painters import halves, neural, picture, prior_of
from vidstyle.image.colour import luminance, palette
from vidstyle.image.matting import GuidedFilter
from vidstyle.methods.style.recolour import palettes, recoloured, style_palettes
from vidstyle.metrics import gradient_energy
from vidstyle.types import Draft, Painted, Prior


def scene(height: int = 60, width: int = 90) -> torch.Tensor:
    """Soft hills of light, a hard edge and grain: grey-green by day."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    light = 0.5 + 0.2 * torch.sin(columns / 9) + 0.2 * (rows > 0.4 * columns + 10)
    tint = torch.tensor([0.8, 1.0, 0.7]).view(3, 1, 1)
    return (light * tint + 0.1 * (picture(height, width)[:1] - 0.5)).clamp(0, 1)


def dusk() -> torch.Tensor:
    """The style: dark and red below, a little lighter above."""
    return picture(40, 60, 4) * torch.tensor([0.5, 0.25, 0.3]).view(3, 1, 1)


def roughness(content: torch.Tensor, image: torch.Tensor) -> float:
    """What of `image` no affine map of the content's colours explains, window by window."""
    return float(GuidedFilter(content, 2, 1e-6).roughness(image))


def test_the_colours_are_the_styles_and_the_detail_is_the_pictures() -> None:
    content = scene()
    photo = neural(dusk(), photo=True, steps=20).paint(content, [], 0).image
    painted = neural(dusk(), steps=20).paint(content, [], 0).image
    assert roughness(content, photo) < 0.1 * roughness(content, painted)
    off = (photo.mean(dim=(1, 2)) - dusk().mean(dim=(1, 2))).abs()
    assert float(off.max()) < 0.05
    grain = torch.stack([luminance(image).diff(dim=2).flatten() for image in (content, photo, painted)])
    _, kept, lost = torch.corrcoef(grain)[0]
    assert kept > 0.95 and lost < 0.8


def test_the_painting_nears_the_style_beyond_its_palette() -> None:
    short, long = (neural(dusk(), photo=True, steps=steps).paint(scene(), [], 0) for steps in (1, 40))
    assert long.losses["style"] < 0.9 * short.losses["style"]


def test_what_is_held_is_the_light_and_no_blur() -> None:
    """The frame before comes blurred, as warping blurs: this one has its colours, and its own grain."""
    content = scene(100, 160)
    method = neural(dusk(), photo=True, temporal_weight=30)
    first = method.paint(content, [], 0)
    blurred = (first.image + first.image.roll(1, 2)) / 2
    prior = replace(prior_of(first), image=blurred)
    after = method.paint(content, [prior], 0).image
    assert float((after - first.image).abs().mean()) < 0.5 * float((blurred - first.image).abs().mean())
    sharp, blunt, kept = (gradient_energy(image) for image in (first.image, blurred, after))
    assert blunt < 0.7 * sharp and kept > 0.9 * sharp


def test_what_no_frame_has_shown_is_lit_like_its_like() -> None:
    content = scene()
    method = neural(dusk(), photo=True)
    first = method.paint(content, [], 0)
    seen = torch.ones(1, 60, 90)
    seen[..., 60:] = 0
    wrong = torch.where(seen > 0, first.image, torch.ones(3, 1, 1))  # what is warped in from nowhere is white
    after = method.paint(content, [Prior(wrong, seen, first.carry)], 0).image
    assert float((after - first.image).abs().mean()) < 0.03
    assert roughness(content, after) < 1e-3


def test_the_shots_first_frame_decides_how_colours_go() -> None:
    """A frame twice as bright becomes brighter, although its own palette alone would have made it equal."""
    dark, bright = 0.5 * scene(), scene()
    method = neural(dusk(), photo=True, style_weight=0)
    first = method.paint(dark, [], 0)
    assert torch.equal(first.carry["palette"], palette(dark))
    unseen = Prior(first.image, torch.zeros(1, 60, 90), first.carry)
    after = method.paint(bright, [unseen], 0)
    assert torch.equal(after.carry["palette"], palette(dark))
    assert float(after.image.mean()) > 1.3 * float(first.image.mean())
    again = method.paint(bright, [], 0, Draft(after.image, 2, after.carry))
    assert torch.equal(again.carry["palette"], palette(dark))


def test_a_photograph_in_which_nothing_moves_does_not_change() -> None:
    content = scene(32, 40)
    method = neural(dusk(), photo=True, tolerance=0.003, next_steps=20)
    frames: list[Painted] = [method.paint(content, [], 0)]
    for _ in range(20):
        frames.append(method.paint(content, [prior_of(frames[-1])], 0))
    assert frames[-1].steps == 0
    assert torch.equal(frames[-1].image, frames[-2].image)
    assert float((frames[-1].image - frames[1].image).abs().mean()) < 0.02


def test_frame_by_frame_it_starts_from_the_frame() -> None:
    method = neural(dusk(), photo=True, independent=True)
    content = scene()
    one, other = (method.paint(content, [], seed) for seed in (1, 2))
    assert torch.equal(one.image, other.image)
    assert torch.equal(method.paint(content, [prior_of(one)], 1).image, one.image)


@pytest.mark.parametrize("shares", [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)])
def test_several_styles_share_the_colours(shares: tuple[float, float]) -> None:
    red, blue = (
        picture(30, 40, 4) * torch.tensor(tint).view(3, 1, 1) for tint in ((0.9, 0.2, 0.2), (0.2, 0.2, 0.9))
    )
    image = neural(red, blue, photo=True, style_weight=0, blend=shares).paint(scene(), [], 0).image
    wanted = shares[0] * red.mean(dim=(1, 2)) + shares[1] * blue.mean(dim=(1, 2))
    assert torch.allclose(image.mean(dim=(1, 2)), wanted, atol=0.06)


def test_each_region_takes_the_colours_of_its_own() -> None:
    """A frame of two greens; the style's left half is red, its right half blue."""
    content = 0.5 * scene(40, 60) + 0.2 * halves(40, 60)[:1]
    style = picture(40, 60, 4) * 0.2 + halves(40, 60)[[0, 0, 1]] * torch.tensor([0.6, 0.0, 0.6]).view(3, 1, 1)
    whole = neural(style, photo=True, steps=3).paint(content, [], 0).image
    guided = neural(style, regions=[halves(40, 60)], photo=True, steps=3).guided(halves(40, 60))
    first = guided.paint(content, [], 0)
    for side, channel, other in ((slice(0, 25), 0, 2), (slice(35, 60), 2, 0)):
        colour = first.image[:, :, side].mean(dim=(1, 2))
        assert float(colour[channel] - colour[other]) > 0.4
        wanted = style[:, :, side].mean(dim=(1, 2))
        assert float((colour - wanted).abs().max()) < 0.08
    assert roughness(content[:, :, :25], first.image[:, :, :25]) < 2e-3
    assert float((whole - first.image).abs().mean()) > 0.1
    # The palettes of the shot's first frame decide, region by region, for all that follow.
    assert first.carry["palette"].shape == (3, 3, 4)
    after = guided.paint(content.flip(1), [prior_of(first)], 1)
    assert torch.equal(after.carry["palette"], first.carry["palette"])


def test_a_region_that_one_side_lacks_is_recoloured_as_the_whole() -> None:
    content, where = scene(40, 60), torch.cat([halves(40, 60), torch.zeros(1, 40, 60)])
    own = palettes(content, where)
    assert bool(own[3].isnan().all()) and not bool(own[:3].isnan().any())
    wanted = style_palettes([dusk(), dusk()], [where[[2, 2, 0]][:, :40]] * 2, [0.5, 0.5])
    assert torch.allclose(recoloured(content, where, own, wanted), recoloured(content, None, own, wanted))
    assert torch.allclose(wanted[0], palette(dusk()), atol=1e-6)
