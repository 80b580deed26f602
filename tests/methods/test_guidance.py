"""Regions: each half of a picture by its own half of the style, and what is the same without any."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.methods.painters import halves, neural, picture, recipe_of, tiny_network
from vidstyle.image.labels import one_hot, pooled
from vidstyle.losses.gram import gram_distance, gram_matrix
from vidstyle.losses.loss import StyleLoss, Tensors
from vidstyle.methods.base import Guided
from vidstyle.methods.styleterm import StyleTerm
from vidstyle.methods.terms import term_values
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.methods.texture.painter import Texture
from vidstyle.options.losses import LOSSES


def term(styles: list[Tensor], regions: list[Tensor], **settings: object) -> StyleTerm:
    return neural(*styles, regions=regions, **settings).style


def value(style: StyleTerm, image: Tensor, where: Tensor | None, wrap: bool = False) -> float:
    losses = style.losses("", lambda each: each, wrap=wrap, where=where)
    return float(term_values(style.features, image, {"style": losses}, wrap=wrap)["style"])


@pytest.mark.parametrize("loss", [*LOSSES, "gram+patch"])
def test_one_region_is_none(loss: str) -> None:
    style, image = picture(33, 47, 1), picture(30, 41, 2)
    plain = value(term([style], [], loss=loss), image, None)
    one = value(term([style], [torch.ones(1, 33, 47)], loss=loss), image, torch.ones(1, 30, 41))
    assert one == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("loss", [*LOSSES, "gram+patch"])
def test_what_is_in_no_region_is_compared_with_the_whole(loss: str) -> None:
    """No region of the picture, or none that the style has, is no guidance at all: bit for bit."""
    style, image = picture(33, 47, 1), picture(30, 41, 2)
    plain = value(term([style], [], loss=loss), image, None)
    guided = term([style], [torch.ones(1, 33, 47)], loss=loss)
    assert value(guided, image, torch.zeros(1, 30, 41)) == plain
    missing = term([style], [torch.cat([torch.ones(1, 33, 47), torch.zeros(1, 33, 47)])], loss=loss)
    assert value(missing, image, one_hot(torch.ones(1, 30, 41, dtype=torch.uint8), 2)) == plain


@pytest.mark.parametrize("loss", LOSSES)
def test_a_picture_fits_its_own_regions_and_not_when_they_are_swapped(loss: str) -> None:
    both = torch.cat([picture(32, 32, 1) * 0.3, picture(32, 32, 2) * 0.3 + 0.7], dim=2)
    style = term([both], [halves(32, 64)], loss=loss)
    own, swapped = (value(style, both, each) for each in (halves(32, 64), halves(32, 64).flip(0)))
    assert own < 0.03 * swapped


def test_each_half_gets_the_gram_of_its_own_style() -> None:
    """Two pictures, two regions: each half's Gram comes to that of its own picture and leaves the other's."""
    styles = [picture(32, 32, 1) * 0.3, picture(32, 32, 2) * 0.3 + 0.7]
    network = tiny_network()
    regions = [torch.tensor([1.0, 0.0]).view(2, 1, 1), torch.tensor([0.0, 1.0]).view(2, 1, 1)]
    settings = {"steps": 60, "content_weight": 0, "tv_weight": 0, "style_layers": ("relu1_1", "relu2_1")}
    method = neural(*styles, regions=regions, **settings)
    content = picture(40, 80, 5) * 0.2 + 0.4
    image = method.guided(halves(40, 80)).paint(content, [], 0).image
    wanted = [gram_matrix(network(style[None], ["relu1_1"])["relu1_1"]) for style in styles]
    for half, own in ((image[..., :36], 0), (image[..., 44:], 1)):
        found = gram_matrix(network(half[None], ["relu1_1"])["relu1_1"])
        near, far = (float(gram_distance(found, wanted[n])) for n in (own, 1 - own))
        assert near < 0.1 * far, (near, far)
    assert isinstance(method, Guided)


def test_weights_sum_to_one_at_every_layer() -> None:
    labels = torch.randint(3, (1, 37, 53), dtype=torch.uint8)
    for wrap in (False, True):
        for step in (1, 2, 4, 8, 16):
            found = pooled(one_hot(labels, 3), step, wrap=wrap)
            assert found.shape == (3, -(-37 // step), -(-53 // step))
            assert torch.allclose(found.sum(dim=0), torch.ones(found.shape[1:]), atol=1e-6)


@pytest.mark.parametrize("loss", [*LOSSES, "gram+patch"])
@pytest.mark.parametrize("size", [(1, 1), (2, 30), (37, 23)])
def test_tiny_regions_are_no_trouble(loss: str, size: tuple[int, int]) -> None:
    """A region of one pixel is compared with the whole wherever it says too little; nothing is infinite."""
    labels = torch.zeros(1, *size, dtype=torch.uint8)
    labels[0, 0, 0] = 1
    spot = torch.zeros(1, 40, 40, dtype=torch.uint8)
    spot[0, 20, 20] = 1
    style = term([picture(40, 40, 3)], [one_hot(spot, 2)], loss=loss)
    image = picture(*size, seed=4).requires_grad_(True)
    losses = style.losses("", lambda each: each, where=one_hot(labels, 2))
    found = term_values(style.features, image, {"style": losses})["style"]
    found.backward()
    assert bool(found.isfinite()) and bool(image.grad is not None and image.grad.isfinite().all())
    if size == (37, 23):
        assert style.small(one_hot(labels, 2)) == {1: "relu3_1" if loss == "patch" else "relu1_1"}


@pytest.mark.parametrize("loss", [*LOSSES, "gram+patch"])
def test_a_picture_in_parts_has_the_sums_of_the_whole(loss: str) -> None:
    """What tiles rely on: everything adds up over positions, with regions as without."""
    style = term([picture(16, 24, 1)], [halves(16, 24)], loss=loss, style_layers=("relu1_1",))
    image, where = picture(12, 40, 2), halves(12, 40)
    features = style.features(image[None], style.layers)["relu1_1"]

    def sums(loss: StyleLoss, weight: Tensor, columns: slice) -> Tensors:
        return loss.sums(features[..., columns], lambda whole: whole[..., columns], weight[..., columns])

    for each in style.losses("", lambda each: each, where=where):
        each.loss.search(lambda: features)
        spans = slice(16), slice(16, None), slice(None)
        left, right, whole = (sums(each.loss, each.where, columns) for columns in spans)
        for one, other, wanted in zip(left, right, whole, strict=True):
            assert torch.allclose(one + other, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", ["gram", "patch"])
def test_a_doodle_has_the_colours_of_its_regions(loss: str) -> None:
    red, blue = torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.8])
    style = (picture(48, 48, 1) - 0.5) * 0.1 + torch.where(
        halves(48, 48)[:1] > 0, red[:, None, None], blue[:, None, None]
    )
    options = TextureOptions(loss=loss, steps=60, style_layers=("relu1_1", "relu2_1"))
    network = tiny_network()
    method = Texture(network, recipe_of(network), [style], options, regions=[halves(48, 48)])
    image = method.guided(halves(48, 48).flip(2)).paint(torch.zeros(3, 48, 48), [], 0).image
    left, right = image[..., 4:20].mean(dim=(1, 2)), image[..., 28:44].mean(dim=(1, 2))
    assert float(left[2] - left[0]) > 0.1 and float(right[0] - right[2]) > 0.15


def test_the_same_painter_unguided_is_not_changed() -> None:
    style, content = picture(30, 40, 9), picture(24, 32)
    method = neural(style, regions=[halves(30, 40)], steps=3)
    plain = neural(style, steps=3).paint(content, [], 0)
    guided = method.guided(halves(24, 32)).paint(content, [], 0)
    again = method.guided(halves(24, 32)).paint(content, [], 0)
    assert torch.equal(method.paint(content, [], 0).image, plain.image)
    assert torch.equal(guided.image, again.image) and not torch.equal(guided.image, plain.image)
