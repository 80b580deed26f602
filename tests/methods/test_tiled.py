"""Paintings and textures in tiles: losses and gradients as of the whole, in the memory of a tile."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch

from tests.methods.painters import halves, lively_network, neural, picture, recipe_of, tiny_network
from vidstyle.errors import UsageError
from vidstyle.features.vgg import VGG
from vidstyle.losses import patch
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.methods.texture.painter import Texture
from vidstyle.optimize import HISTORY, Terms, history_for
from vidstyle.options.losses import LOSSES

STYLES = picture(70, 100, 9), picture(60, 40, 8)


def painting(network: VGG | None = None, **settings: Any) -> NeuralStyle:
    return neural(*STYLES, network=network or lively_network(), **settings)


def texture(**settings: Any) -> Texture:
    network = lively_network()
    return Texture(network, recipe_of(network), STYLES, TextureOptions(**settings))


def painting_loss(size: tuple[int, int], network: VGG | None = None, **settings: Any) -> Terms:
    with torch.no_grad():
        return painting(network, **settings)._terms(picture(*size), [], None)


def texture_loss(size: tuple[int, int], **settings: Any) -> Terms:
    with torch.no_grad():
        return texture(tile=True, **settings)._terms(torch.empty(3, *size), 1.0, [])


def loss_and_gradient(terms: Terms, image: torch.Tensor) -> tuple[float, torch.Tensor]:
    x = image.clone().requires_grad_()
    loss = torch.stack(list(terms(x).values())).sum()
    return float(loss.detach()), torch.autograd.grad(loss, x)[0]


def assert_alike(whole: Terms, tiled: Terms, size: tuple[int, int], value: float, gradient: float) -> None:
    image = picture(*size, seed=3)
    (loss, change), (loss_tiled, change_tiled) = (loss_and_gradient(each, image) for each in (whole, tiled))
    assert loss_tiled == pytest.approx(loss, rel=value)
    assert float((change_tiled - change).norm() / change.norm()) < gradient


@pytest.mark.parametrize("loss", [*LOSSES, "gram+patch"])
@pytest.mark.parametrize(
    ("make", "size"), [(painting_loss, (131, 113)), (texture_loss, (131, 113)), (texture_loss, (128, 160))]
)
def test_loss_and_gradient_are_those_of_the_whole(make: Any, size: tuple[int, int], loss: str) -> None:
    terms = (make(size, loss=loss, tile_size=side) for side in (0, 64))
    assert_alike(*terms, size, value=1e-5, gradient=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_regions_are_the_same_in_tiles_as_in_the_whole(loss: str) -> None:
    size, regions = (131, 113), [halves(70, 100, 30), halves(60, 40, 25)]

    def terms(side: int) -> Terms:
        method = painting(loss=loss, tile_size=side, regions=regions).guided(halves(*size, 71))
        with torch.no_grad():
            return method._terms(picture(*size), [], None)

    assert_alike(terms(0), terms(64), size, value=1e-5, gradient=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_in_bfloat16_they_are_alike_within_its_rounding(loss: str) -> None:
    network = lively_network().to(torch.bfloat16)
    terms = (painting_loss((131, 113), network, loss=loss, tile_size=side) for side in (0, 64))
    assert_alike(*terms, (131, 113), value=5e-3, gradient=2e-2)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_target_of_a_large_style_picture_is_the_same(loss: str) -> None:
    layers = {"style_layers": ("relu1_1", "relu2_1", "relu3_1")}
    terms = [painting(loss=loss, tile_size=side, **layers).style_term((70, 100)) for side in (0, 64)]
    for whole, tiled in zip(*terms, strict=True):
        for one, other in zip(whole.loss.target, tiled.loss.target, strict=True):
            if loss == "patch" and one.dim() == 4:  # components: their order and sign may differ
                one, other = (each.flatten(1).T @ each.flatten(1) for each in (one, other))
            assert torch.allclose(one, other, atol=1e-3 * float(one.abs().max()))


def test_only_one_tiles_responses_live_at_a_time() -> None:
    """Both forwards and on the way back, counted where most of them are."""
    network = tiny_network()
    live: set[int] = set()
    most = runs = 0

    def note(module: Any, inputs: Any, response: torch.Tensor) -> None:
        nonlocal most, runs
        runs += 1
        live.add(runs)
        weakref.finalize(response, live.discard, runs)
        most = max(most, len(live))

    terms = painting_loss((128, 192), network, tile_size=64)
    network.get_submodule("conv1_1").register_forward_hook(note)
    loss_and_gradient(terms, picture(128, 192))
    assert runs == 2 * 6  # six tiles: once forwards, once more on the way back
    assert most == 1


def test_whole_responses_are_gathered_only_where_they_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    match = patch.match
    monkeypatch.setattr(
        patch, "match", lambda each, *a, **k: searched.append(each.shape) or match(each, *a, **k)
    )
    network = tiny_network()
    options: dict[str, Any] = {"loss": "patch", "style_layers": ("relu2_1",), "patch_refresh": 3}
    terms = painting_loss((64, 128), network, tile_size=64, content_layers=("relu2_1",), **options)
    runs = []
    network.get_submodule("conv1_1").register_forward_hook(lambda *_: runs.append(1))
    with torch.no_grad():
        for _ in range(4):
            terms(picture(64, 128))
    assert searched == [(4, 32, 64)] * 2  # before the first and the fourth
    assert len(runs) == 2 * (4 + 2)


@pytest.mark.parametrize("method", [painting, texture])
def test_a_painting_in_tiles_is_that_of_the_whole(method: Any) -> None:
    content = picture(40, 90)
    whole, tiled = (method(steps=4, tile_size=side).paint(content, [], 0) for side in (0, 64))
    assert float((whole.image - tiled.image).abs().max()) < 2e-3
    # abs: some terms are next to nothing, and end where rounding leads them.
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-3, abs=1e-11)


def test_a_response_without_any_variation_has_a_distance() -> None:
    """All of relu5_1 is the same everywhere: what rounding leaves of its covariance may have no root."""
    for side in (0, 64):
        term = painting_loss(
            (131, 113), tiny_network(), loss="wasserstein", tile_size=side, style_layers=("relu5_1",)
        )
        assert 0 <= loss_and_gradient(term, picture(131, 113))[0] < 100


def test_pictures_in_tiles_have_a_shorter_memory() -> None:
    small, large = torch.empty(3, 1080, 1920, device="meta"), torch.empty(3, 2160, 3840, device="meta")
    assert history_for(large, None) == history_for(large, 0) == history_for(large, 3840) == HISTORY == 20
    assert history_for(small, 512) == 20
    assert history_for(large, 1024) == 8
    assert history_for(torch.empty(3, 9000, 16000, device="meta"), 1024) == 4


@pytest.mark.parametrize("kind", [NeuralOptions, TextureOptions])
def test_tiles_too_small_are_refused(kind: Any) -> None:
    assert kind(tile_size=0).tile_size == 0 and kind(tile_size=64).tile_size == 64
    for side, words in ((63, "takes 0 or at least 64 pixels, not 63"), (-1, "must be at least 0")):
        with pytest.raises(UsageError, match=f"--tile-size {words}"):
            kind(tile_size=side)
