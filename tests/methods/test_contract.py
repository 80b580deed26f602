"""What every method must do, whatever it paints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.methods.making import has_options, painter_of
from tests.methods.painters import picture, prior_of
from vidstyle.methods.base import Guided, Painter
from vidstyle.methods.registry import METHODS, command
from vidstyle.types import Draft, Prior

Make = Callable[..., Painter]


@pytest.fixture(params=METHODS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """make(OPTION=VALUE...) -> a painter of each method; see `painter_of`."""

    def build(regions: int = 0, **settings: object) -> Painter:
        kind = command(request.param).options
        if not has_options(kind, settings):
            pytest.skip(f"{kind.__name__} has no such options: {settings}")
        return painter_of(request.param, tmp_path, regions=regions, **settings)

    return build


SIZES = [(32, 48), (37, 23), (1, 1), (2, 150)]


@pytest.mark.parametrize(
    "settings", [{}, {"photo": True}, {"color": "histogram"}, {"loss": "wasserstein"}, {"loss": "patch"}]
)
@pytest.mark.parametrize("size", SIZES)
def test_shape_range_and_with_or_without_priors(
    make: Make, size: tuple[int, int], settings: dict[str, object]
) -> None:
    method, content = make(**settings), picture(*size)
    first = method.paint(content, [], seed=1)
    half_seen = Prior(first.image, (picture(*size, seed=4)[:1] > 0.5).float(), first.carry)
    second = method.paint(content, [half_seen], seed=2)
    several = method.paint(content, [half_seen, prior_of(first)], seed=3)
    for painted in (first, second, several):
        assert painted.image.shape == content.shape and painted.image.dtype == torch.float32
        assert bool(painted.image.isfinite().all())
        assert float(painted.image.min()) >= 0 and float(painted.image.max()) <= 1
        assert not painted.losses or painted.steps > 0 or size == (1, 1)  # one pixel may be at rest at once


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"color": "content"},
        {"color": "match"},
        {"color": "histogram"},
        {"photo": True},
        {"init": "noise"},
        {"loss": "wasserstein"},
        {"loss": "gram+patch", "patch_rotations": 1},
        {"one_way": True},
        {"route": "warp", "color_only": True, "refine": True},
        {"levels": 3, "match_size": 20},
    ],
)
def test_same_arguments_same_result_and_nothing_kept_between_calls(
    make: Make, settings: dict[str, object]
) -> None:
    content, other = picture(24, 32), picture(24, 32, seed=7)
    method = make(**settings)
    first = method.paint(content, [], seed=5)
    after = method.paint(other, [prior_of(first, 0.7)], seed=6)
    fresh = make(**settings)
    again = fresh.paint(other, [prior_of(first, 0.7)], seed=6)
    assert torch.equal(after.image, again.image)
    assert torch.equal(first.image, fresh.paint(content, [], seed=5).image)
    assert method.paint(content, [], 0, Draft(first.image, 2, first.carry)).image.shape == content.shape


@pytest.mark.parametrize("loss", ["gram", "wasserstein", "gram+patch"])
@pytest.mark.parametrize("size", SIZES)
def test_guided_by_regions(make: Make, size: tuple[int, int], loss: str) -> None:
    method, content = make(loss=loss, regions=2), picture(*size)
    assert isinstance(method, Guided)
    where = (picture(*size, seed=8)[:1] > 0.5).float()
    where = torch.cat([where, 1 - where])
    first = method.guided(where).paint(content, [], seed=1)
    after = method.guided(where).paint(content, [prior_of(first, 0.7)], seed=2)
    again = make(loss=loss, regions=2)
    assert isinstance(again, Guided)
    assert torch.equal(again.guided(where).paint(content, [prior_of(first, 0.7)], seed=2).image, after.image)
    for painted in (first, after):
        assert painted.image.shape == content.shape and bool(painted.image.isfinite().all())
        assert float(painted.image.min()) >= 0 and float(painted.image.max()) <= 1


@pytest.mark.parametrize("settings", [{}, {"photo": True}])
def test_arguments_are_not_changed(make: Make, settings: dict[str, object]) -> None:
    method, content = make(**settings), picture(20, 30)
    carry = method.paint(content, [], seed=0).carry
    prior = Prior(picture(20, 30, seed=2), picture(20, 30, seed=3)[:1], carry)
    copies = content.clone(), prior.image.clone(), prior.weight.clone()
    method.paint(content, [prior], seed=0)
    assert all(torch.equal(a, b) for a, b in zip(copies, (content, prior.image, prior.weight), strict=True))


def test_the_seed_decides_the_noise(make: Make) -> None:
    method, content = make(init="noise"), picture(24, 24)
    images = [method.paint(content, [], seed=seed).image for seed in (1, 2)]
    assert not torch.equal(*images)


def test_in_tiles_the_contract_holds(make: Make) -> None:
    method, content = make(tile_size=64), picture(70, 90)
    copy = content.clone()
    first = method.paint(content, [], seed=1)
    second = method.paint(content, [prior_of(first, 0.7)], seed=2)
    assert torch.equal(content, copy)
    for painted in (first, second):
        assert painted.image.shape == content.shape and painted.image.dtype == torch.float32
        assert float(painted.image.min()) >= 0 and float(painted.image.max()) <= 1
    fresh = make(tile_size=64)
    assert torch.equal(second.image, fresh.paint(content, [prior_of(first, 0.7)], seed=2).image)
    assert torch.equal(first.image, fresh.paint(content, [], seed=1).image)
