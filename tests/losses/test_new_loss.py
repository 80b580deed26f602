"""A style loss of one class and one line, as the guide to extending shows it: by regions and in tiles."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.guides.reading import follow, guide
from tests.methods.painters import halves, neural, picture, recipe_of, tiny_network
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.methods.texture.painter import Texture
from vidstyle.options.losses import LOSSES
from vidstyle.types import Painted


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(LOSSES, "mean", "")
    follow(guide("extending"), "mean_loss.py", tmp_path, monkeypatch)


def painted(content: Tensor, regions: bool = False, **settings: object) -> Painted:
    """By two pictures, the left half of the frame by the one and the right half by the other if asked."""
    styles = [picture(70, 90, 1) * 0.3, picture(66, 80, 2) * 0.3 + 0.7]
    maps = [torch.tensor([[1.0], [0.0]]).view(2, 1, 1), torch.tensor([[0.0], [1.0]]).view(2, 1, 1)]
    method = neural(
        *styles, regions=maps if regions else (), **{"loss": "mean", "content_weight": 0.0, **settings}
    )
    if regions:
        method = method.guided(halves(*content.shape[1:]))
    return method.paint(content, [], 0)


def test_it_brings_the_style_nearer() -> None:
    content = picture(40, 50, 3)
    before, after = (painted(content, steps=steps).losses["style"] for steps in (1, 30))
    assert after < 0.2 * before
    assert painted(content, steps=2, loss="gram+mean").losses["style"] > 0


def test_tiles_change_nothing() -> None:
    whole, tiled = (painted(picture(72, 100, 3), steps=4, tile_size=side) for side in (0, 64))
    assert float((whole.image - tiled.image).abs().max()) < 2e-3
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-3)


@pytest.mark.parametrize("tile", [0, 64])
def test_each_region_gets_its_own_style(tile: int) -> None:
    image = painted(picture(72, 100, 3), regions=True, steps=30, tile_size=tile).image
    assert float(image[..., 60:].mean() - image[..., :40].mean()) > 0.1


def test_textures_are_made_by_it() -> None:
    network = tiny_network()
    method = Texture(
        network, recipe_of(network), [picture(40, 40, 1)], TextureOptions(loss="mean", steps=3, tile=True)
    )
    assert method.paint(torch.zeros(3, 32, 32), [], 0).losses["style"] < 1
