"""The controls of neural style by number: strength, the weights of layers, the size of strokes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.methods.painters import neural, picture, prior_of, style_loss
from vidstyle.features.recipes import recipe_for, strengthened
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.image.convert import to_float
from vidstyle.image.resize import resize
from vidstyle.losses.content import content_distance
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.types import Painted
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip


@pytest.fixture
def scene() -> Tensor:
    """Soft shapes, so that there is something to keep."""
    return resize(picture(8, 10), (40, 50)) * 0.6 + 0.2


def test_strength_1_is_the_recipe_and_others_change_the_ratio() -> None:
    recipe = recipe_for("vgg19", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"], print)
    assert strengthened(recipe, 1.0) == recipe
    ratio = recipe.style / recipe.content
    for strength in (0.5, 0.8, 1.3, 2.0):
        found = strengthened(recipe, strength)
        assert found.style / found.content == pytest.approx(strength**2 * ratio)
        assert found.style <= recipe.style and found.content <= recipe.content
        assert found.tv == pytest.approx(min(1, strength) * recipe.tv)
        assert found.grain == pytest.approx(min(1, strength) * recipe.grain)
        assert found.temporal == recipe.temporal
    none = strengthened(recipe, 0.0)
    assert none == replace(recipe, style=0.0, tv=0.0, grain=0.0)


def test_steps_of_strength_are_monotone_and_about_even(samples: Path, bundled: Weights) -> None:
    """Painted with the features that ship, each step moves the picture, and none by far the most."""
    network = VGG(bundled.tensors)
    recipe = recipe_for("bundled", network.layers, lambda line: None)
    frame = next(iter(open_clip(samples / "passing.mp4").frames(0, 1)))
    scene = resize(to_float(frame.pixels), (45, 80))
    style = to_float(read_picture(samples / "strokes.jpg")[0])

    images, content, likeness = [], [], []
    for strength in (0.0, 0.5, 1.0, 1.5, 2.0):
        options = NeuralOptions(strength=strength, steps=60)
        method = NeuralStyle(network, recipe, [style], options)
        images.append(method.paint(scene, [], 0).image)
        found = network(images[-1][None], network.layers)
        kept = network(scene[None], recipe.content_layers)
        content.append(float(sum(content_distance(found[k], kept[k]) for k in recipe.content_layers)))
        likeness.append(style_loss(method, images[-1]))
    assert content[0] < 1e-3 and float((images[0] - scene).square().mean()) < 1e-3
    steps = [other - one for one, other in pairwise(content)]
    assert min(steps) > 0.05 and max(steps) < 4 * min(steps)
    assert likeness[0] > 2 * likeness[1] > 3 * likeness[2]
    assert max(likeness[3:]) < likeness[1] / 2  # these few steps do not get much nearer


def test_strength_1_paints_as_before_and_0_leaves_the_picture(scene: Tensor) -> None:
    assert torch.equal(neural(strength=1.0).paint(scene, [], 0).image, neural().paint(scene, [], 0).image)
    first = neural(strength=0.0).paint(scene, [], 0)
    assert float((first.image - scene).abs().max()) < 0.01
    after = neural(strength=0.0).paint(scene, [prior_of(first)], 1)
    assert float((after.image - scene).abs().max()) < 0.02


def test_strength_works_on_the_weights_as_they_are_given(scene: Tensor) -> None:
    def terms(**settings: object) -> dict[str, float]:
        method = neural(**settings)
        return {k: float(v) for k, v in method._terms(scene, [], None)(picture(40, 50, 3)).items()}

    plain = terms()
    strong = terms(strength=2**0.5, style_weight=3.0, content_weight=5.0)
    assert strong["style"] == pytest.approx(3 * plain["style"], rel=1e-5)
    assert strong["content"] == pytest.approx(5 / 2 * plain["content"], rel=1e-5)
    assert strong["tv"] == pytest.approx(plain["tv"], rel=1e-5)
    weak = terms(strength=0.5**0.5)
    assert weak["style"] == pytest.approx(plain["style"] / 2, rel=1e-5)
    assert weak["content"] == pytest.approx(plain["content"], rel=1e-5)
    assert weak["tv"] == pytest.approx(plain["tv"] / 2**0.5, rel=1e-5)


@pytest.mark.parametrize("loss", ["gram", "wasserstein", "patch"])
def test_layers_count_by_their_weights(loss: str) -> None:
    image = picture(30, 36)

    def term(*layers: str, **settings: object) -> float:
        return style_loss(neural(loss=loss, style_layers=layers, **settings), image)

    one, other = term("relu1_1"), term("relu3_1")
    both = term("relu1_1", "relu3_1", layer_weights=(3.0, 1.0))
    assert both == pytest.approx(0.75 * one + 0.25 * other, rel=1e-4)
    assert term("relu1_1", "relu3_1") == pytest.approx((one + other) / 2, rel=1e-4)
    assert term("relu1_1", "relu3_1", layer_weights=(0.0, 2.0)) == pytest.approx(other, rel=1e-4)
    assert one != pytest.approx(other, rel=5e-4)


def test_the_layers_that_count_are_those_that_are_matched(scene: Tensor) -> None:
    """Painted by one layer, the picture is nearer to the style there than painted by another."""

    def painted(layer: str) -> Painted:
        return neural(style_layers=(layer,), steps=40, strength=2.0).paint(scene, [], 0)

    images = {layer: painted(layer).image for layer in ("relu1_1", "relu3_1")}
    for layer, other in (("relu1_1", "relu3_1"), ("relu3_1", "relu1_1")):
        method = neural(style_layers=(layer,))
        distances = {by: style_loss(method, image) for by, image in images.items()}
        assert distances[layer] < distances[other]


def test_style_scale_decides_how_large_the_pattern_comes_out() -> None:
    """Stripes 4 pixels wide at scale 1 are 8 wide at scale 2, where the style picture is large enough."""
    columns = torch.arange(320) // 20 % 2
    stripes = columns.float().expand(3, 320, 320).contiguous()
    grey = torch.full((3, 64, 64), 0.5)
    widths = []
    for scale in (1.0, 2.0):
        scaled = neural(stripes, style_scale=scale)._scaled(stripes, (64, 64), None)
        row = scaled[0, scaled.shape[1] // 2] > 0.5
        widths.append(scaled.shape[2] / (1 + int((row[1:] != row[:-1]).sum())))
        painted = neural(stripes, style_scale=scale).paint(grey, [], 0)
        assert painted.image.shape == grey.shape
    assert widths == [4.0, 8.0]
