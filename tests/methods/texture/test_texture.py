"""Textures whose look is known: they repeat as the picture does, and fit when laid side by side."""

from __future__ import annotations

import math

import pytest
import torch

from vidstyle.errors import UsageError
from vidstyle.features.recipes import recipe_for
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.image.resize import resize_wrapped
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.methods.texture.painter import Texture
from vidstyle.types import Prior


@pytest.fixture(scope="module")
def network(bundled: Weights) -> VGG:
    return VGG(bundled.tensors)


def texture(network: VGG, *styles: torch.Tensor, **settings: object) -> Texture:
    options = TextureOptions(**({"quality": "draft"} | settings))  # type: ignore[arg-type]
    return Texture(network, recipe_for("bundled", network.layers, lambda line: None), styles, options)


def blank(height: int, width: int) -> torch.Tensor:
    return torch.zeros(3, height, width)


def stripes(height: int, width: int, period: float) -> torch.Tensor:
    """Smooth upright stripes, blue on yellow."""
    share = 0.5 + 0.5 * (2 * math.pi / period * torch.arange(width)).sin()
    yellow, blue = torch.tensor([0.9, 0.8, 0.1]), torch.tensor([0.1, 0.2, 0.8])
    return (yellow[:, None] * share + blue[:, None] * (1 - share))[:, None].expand(3, height, width)


@pytest.mark.parametrize(
    ("loss", "seeds", "settings"),
    [
        ("gram", (0, 1, 2), {}),
        ("wasserstein", (1,), {"steps": 20}),  # takes far longer, and bends none
        ("patch", (0, 1, 2), {}),
        ("gram+patch", (0, 1, 2), {}),
    ],
)
def test_a_texture_of_stripes_has_their_period_and_colours(
    network: VGG, loss: str, seeds: tuple[int, ...], settings: dict[str, object]
) -> None:
    """On average over seeds: some textures of this size have a place where stripes meet or bend."""
    picture = stripes(64, 64, 8)
    method = texture(network, picture, loss=loss, **settings)
    images = torch.stack([method.paint(blank(64, 64), [], seed).image for seed in seeds])
    red = images[:, 0] - images[:, 0].mean(dim=(1, 2), keepdim=True)
    power = torch.fft.rfft(red, dim=2).abs().mean(dim=1).square()
    band = power[:, 5:12]
    assert float((band.sum(dim=1) / power.sum(dim=1)).mean()) > 0.6
    frequency = ((torch.arange(5, 12) * band).sum(dim=1) / band.sum(dim=1)).mean()
    assert float(frequency) == pytest.approx(64 / 8, rel=0.15)
    assert torch.allclose(images.mean(dim=(0, 2, 3)), picture.mean(dim=(1, 2)), atol=0.12)
    across, along = red.diff(dim=2).square().mean(dim=(1, 2)), red.diff(dim=1).square().mean(dim=(1, 2))
    assert float((across / along).log().mean().exp()) > 3


def seam_energy(image: torch.Tensor) -> tuple[float, float]:
    """Mean squared step over the middle lines of a picture rolled by half, and over all other lines."""
    height, width = image.shape[1:]
    rolled = image.roll((height // 2, width // 2), dims=(1, 2))
    at, elsewhere = [], []
    for side, dim in ((height, 1), (width, 2)):
        steps = rolled.diff(dim=dim).square().transpose(0, dim).flatten(1).mean(dim=1)
        at.append(steps[side // 2 - 1])
        elsewhere.append(torch.cat([steps[: side // 2 - 1], steps[side // 2 :]]).mean())
    return float(sum(at)), float(sum(elsewhere))


def blobs(size: int = 64) -> torch.Tensor:
    """Small discs of three colours that repeat nowhere."""
    generator = torch.Generator().manual_seed(2)
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    picture = torch.full((3, size, size), 0.9)
    for _ in range(250):
        row, column, radius = (torch.rand(3, generator=generator) * torch.tensor([size, size, 1.5])).tolist()
        colour = torch.eye(3)[int(torch.randint(3, (1,), generator=generator))] * 0.8
        inside = (y - row) ** 2 + (x - column) ** 2 < (radius + 1) ** 2
        picture = torch.where(inside, colour[:, None, None], picture)
    return picture


@pytest.mark.parametrize(("loss", "size"), [("gram", (64, 64)), ("patch", (48, 80)), ("gram", (50, 37))])
def test_a_tile_has_no_seam(network: VGG, loss: str, size: tuple[int, int]) -> None:
    """Of one texture a row and a column that happen to be lively look like one: three are taken together."""
    picture = blobs()
    method = texture(network, picture, loss=loss, tile=True)
    tiles = [seam_energy(method.paint(blank(*size), [], seed).image) for seed in range(3)]
    seam, elsewhere = (sum(energies) for energies in zip(*tiles, strict=True))
    # At odd sizes the deep layers see a row or column at the seam twice.
    assert seam < (1.25 if size[0] % 16 == 0 else 1.5) * elsewhere
    plain = texture(network, picture, loss=loss).paint(blank(*size), [], 0).image
    seam, elsewhere = seam_energy(plain)
    assert seam > 2 * elsewhere  # without, there is one


def test_to_a_tile_every_place_is_alike(network: VGG) -> None:
    """Rolled by whole positions of the deepest layer, a tile has the same loss: nothing knows of a border."""
    image = torch.rand(3, 48, 64)
    for tile, loss in ((True, "gram+patch"), (False, "gram")):
        method = texture(network, blobs(), tile=tile, loss=loss)
        terms = [
            {name: float(value) for name, value in method._terms(x, 1.0, [])(x).items()}
            for x in (image, image.roll((8, 24), dims=(1, 2)))
        ]
        assert (terms[0] == pytest.approx(terms[1], rel=5e-4)) == tile


def test_a_tile_resized_is_a_tile() -> None:
    tile = torch.rand(3, 12, 16)
    larger = resize_wrapped(tile, (24, 48))
    rolled = resize_wrapped(tile.roll((3, 4), dims=(1, 2)), (24, 48))
    assert larger.shape == (3, 24, 48)
    assert torch.allclose(larger.roll((6, 12), dims=(1, 2)), rolled, atol=1e-5)
    assert resize_wrapped(tile, (12, 16)) is tile


def test_a_frame_after_others_keeps_to_them(network: VGG) -> None:
    method = texture(network, blobs())
    earlier = method.paint(blank(40, 40), [], 0).image
    other = method.paint(blank(40, 40), [], 1).image
    assert float((earlier - other).abs().mean()) > 0.05
    weights = torch.full_like(earlier[:1], 0.75), torch.full_like(earlier[:1], 0.25)
    priors = [Prior(earlier, weights[0]), Prior(other, weights[1])]
    image = method.paint(blank(40, 40), priors, 2).image
    blend = 0.75 * earlier + 0.25 * other
    assert float((image - blend).abs().mean()) < float((image - other).abs().mean())
    assert float((image - blend).abs().mean()) < 0.05


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size": "large"}, "--size takes WIDTHxHEIGHT, such as 512x256, not 'large'"),
        ({"size": "256x"}, "--size takes WIDTHxHEIGHT"),
        ({"size": "8x256"}, "--size takes sides of 16 to 16384 pixels"),
        ({"frames": 0}, "--frames must be at least 1"),
        ({"loss": "grams"}, "--loss must be"),
    ],
)
def test_settings_check_themselves(settings: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TextureOptions(**settings)  # type: ignore[arg-type]


def test_sizes_are_width_first() -> None:
    assert (TextureOptions(size="40x30").width, TextureOptions(size="40x30").height) == (40, 30)
    assert (TextureOptions(size="40").width, TextureOptions(size="40").height) == (40, 40)
