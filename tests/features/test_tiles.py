"""The network in tiles: the same responses as on the whole picture, at every border and size."""

from __future__ import annotations

import pytest
import torch

from tests.methods.painters import lively_network, picture
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.tiles import responses, tiles
from vidstyle.features.vgg import reach, stride

DEEP = ["relu1_1", "conv2_1", "relu3_1", "relu4_2", "relu5_1"]


@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("size", [(160, 128), (131, 113), (113, 130), (1, 150), (17, 129)])
def test_responses_are_those_to_the_whole(pooling: str, wrap: bool, size: tuple[int, int]) -> None:
    network, image = lively_network(), picture(*size)
    network.pooling = pooling
    for layers, side in ((DEEP, 48), (DEEP, 100), (DEEP[:3], 48)):
        whole = network(image[None], layers, wrap=wrap)
        found = responses(network, image, layers, side=side, wrap=wrap)
        assert list(found) == layers
        for layer in layers:
            assert torch.allclose(found[layer], whole[layer], atol=1e-5 * float(whole[layer].abs().max()))


@pytest.mark.parametrize("layer", ["relu1_1", "relu2_2", "relu3_1", "relu4_4", "relu5_1"])
def test_a_response_depends_on_what_lies_within_reach_alone(layer: str) -> None:
    """All pixels left of a column change: `reach` beyond it is the first response that does not."""
    network, image, edge = lively_network(), picture(16, 400), 208
    changed = torch.cat([picture(16, edge, seed=1), image[..., edge:]], dim=2)
    before, after = (network(each[None], [layer])[layer] for each in (image, changed))
    first = (edge + reach(layer)) // stride(layer)
    assert torch.equal(before[..., first:], after[..., first:])
    assert not torch.equal(before[..., first - 1], after[..., first - 1])


def test_tiles_make_up_the_picture_once() -> None:
    for size, side, wrap in (((200, 333), 64, False), ((200, 333), 70, True), ((65, 64), 64, False)):
        count = torch.zeros(size, dtype=torch.int)
        for tile in tiles(size, side, ["relu3_1", "relu4_1"], wrap=wrap):
            (top, bottom), (left, right) = ((span.begin, span.end) for span in (tile.rows, tile.columns))
            assert top % 8 == left % 8 == 0
            assert 0 < bottom - top <= side and 0 < right - left <= side
            count[top:bottom, left:right] += 1
        assert bool((count == 1).all())


@pytest.mark.parametrize("side", [None, 0, 200])
def test_what_is_no_larger_than_a_tile_is_taken_whole(side: int | None) -> None:
    assert tiles((200, 100), side, ["relu1_1"], wrap=False) == []
    assert tiles((200, 201), 200, ["relu1_1"], wrap=False)
    assert tiles((40, 300), 200, ["relu4_1"], wrap=False) and not tiles(
        (40, 300), 200, ["relu4_1"], wrap=True
    )


def test_a_crop_goes_back_to_where_it_came_from() -> None:
    """Adding up ones counts how often each pixel is seen; with `wrap` all as often as the tiles are large."""
    for wrap in (False, True):
        image, seen, area = picture(100, 130), torch.zeros(3, 100, 130), 0
        for tile in tiles((100, 130), 64, ["relu2_1"], wrap=wrap):
            crop = tile.crop(image)
            tile.add(torch.ones_like(crop), seen)
            area += crop.numel()
            again = torch.zeros_like(image)
            tile.add(crop, again)
            once = torch.zeros_like(image)
            tile.add(torch.ones_like(crop), once)
            assert torch.allclose(again, once * image, atol=1e-5)
        assert float(seen.sum()) == area and float(seen.min()) >= 1


def test_no_more_layers_run_than_are_asked_for() -> None:
    network = lively_network()
    ran = []
    for suffix in CONV_INDEX:
        network.get_submodule(f"conv{suffix}").register_forward_hook(
            lambda *_, suffix=suffix: ran.append(suffix)
        )
    responses(network, picture(40, 96), ["relu2_1"], side=64)
    assert set(ran) == {"1_1", "1_2", "2_1"} and len(ran) == 2 * 3
