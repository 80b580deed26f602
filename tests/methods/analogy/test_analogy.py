"""Deep Image Analogy: known correspondence, its options, and a frame after a frame."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.methods.painters import picture, tiny_network
from vidstyle.errors import UsageError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_float
from vidstyle.image.resize import resize
from vidstyle.image.smooth import coloured
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.methods.analogy.reconstruct import deconvolve, structure
from vidstyle.types import Prior
from vidstyle.video.pictures import read_picture


def scene(height: int = 48, width: int = 64, seed: int = 0) -> torch.Tensor:
    return (resize(picture(height // 8, width // 8, seed), (height, width)) + picture(height, width, 1)) / 2


def analogy(exemplar: torch.Tensor, **settings: object) -> Analogy:
    options = AnalogyOptions(**({"steps": 3, "sweeps": 2} | settings))  # type: ignore[arg-type]
    return Analogy(tiny_network(), exemplar, options)


@pytest.mark.parametrize("settings", [{}, {"one_way": True}, {"route": "warp"}])
def test_the_same_scene_moved_is_found_again(
    bundled: Weights, samples: Path, settings: dict[str, object]
) -> None:
    """The exemplar is the scene to one side: A′ is the scene, in place, in the exemplar's pixels."""
    whole = resize(to_float(read_picture(samples / "woodcut.jpg")[0]), (96, 120))
    a, b = whole[:, :, :112], whole[:, :, 8:]
    options = AnalogyOptions(steps=5, **settings)  # type: ignore[arg-type]
    found = Analogy(VGG(bundled.tensors, "max"), b, options).paint(a, [], seed=1).image
    inner = (slice(None), slice(8, -8), slice(16, -8))
    assert float((found - a)[inner].abs().mean()) < 0.25 * float((b - a)[inner].abs().mean())


def test_only_colours_of_the_exemplar_are_taken() -> None:
    content, exemplar = scene(), scene(40, 40, seed=5)
    grey = luminance(content)
    found = analogy(exemplar, color_only=True).paint(grey, [], seed=1).image
    assert not torch.allclose(found, grey, atol=0.02)
    # Colours that cannot be that bright or dark are clipped.
    assert float((luminance(found) - grey).abs().mean()) < 0.02


def test_colours_are_even_within_a_surface() -> None:
    grey = torch.full((3, 40, 60), 0.3)
    grey[:, :, 30:] = 0.7
    blotchy = grey + 0.1 * torch.randn(3, 40, 60, generator=torch.Generator().manual_seed(0))
    blotchy[0, :, :30] += 0.2
    found = coloured(grey, blotchy)
    red = found[0] - found[2]
    assert float(red[:, :30].std()) < 0.5 * float((blotchy[0] - blotchy[2])[:, :30].std())
    assert float(red[:, 20:30].mean() - red[:, 30:40].mean()) > 0.15  # the edge stays one


def test_refined_photos_keep_their_detail() -> None:
    content, exemplar = scene(), scene(40, 40, seed=5)
    plain, refined = (analogy(exemplar, refine=on).paint(content, [], seed=1).image for on in (False, True))
    detail = [image.diff(dim=2).flatten() for image in (content, plain, refined)]
    alike = [float(torch.corrcoef(torch.stack([detail[0], other]))[0, 1]) for other in detail[1:]]
    assert alike[1] > alike[0]


def test_a_frame_after_a_frame_stays_with_it() -> None:
    content, exemplar = scene(), scene(seed=5)
    method = analogy(exemplar)
    first = method.paint(content, [], seed=1)
    still = torch.zeros(2, 48, 64)
    prior = Prior(first.image, torch.ones(1, 48, 64), first.carry, still)
    noisy = (content + 0.02 * picture(48, 64, 7)).clamp(0, 1)
    after, alone = method.paint(noisy, [prior], seed=2), method.paint(noisy, [], seed=2)
    changes = [float((image - first.image).square().mean()) for image in (after.image, alone.image)]
    assert changes[0] < 0.5 * changes[1]
    assert torch.equal(after.carry["analog"], first.carry["analog"])


def test_what_was_hidden_is_matched_anew() -> None:
    content, exemplar = scene(), scene(seed=5)
    method = analogy(exemplar)
    first = method.paint(content, [], seed=1)
    nothing_seen = Prior(torch.zeros(3, 48, 64), torch.zeros(1, 48, 64), first.carry, torch.zeros(2, 48, 64))
    assert float(method.paint(content, [nothing_seen], seed=2).image.mean()) > 0.2


def test_matched_small_the_result_is_of_full_size() -> None:
    exemplar = scene(seed=5)
    painted = analogy(exemplar, match_size=32).paint(scene(), [], seed=1)
    assert painted.image.shape == (3, 48, 64) and painted.carry["field"].shape == (2, 24, 32)
    again = analogy(exemplar, match_size=32).paint(
        scene(), [Prior(painted.image, torch.ones(1, 48, 64), painted.carry, torch.zeros(2, 48, 64))], seed=2
    )
    assert again.image.shape == (3, 48, 64)


@pytest.mark.parametrize("content", [torch.zeros(3, 40, 40), torch.full((3, 40, 40), 0.5)])
def test_pictures_without_features_come_out_in_the_exemplars_pixels(content: torch.Tensor) -> None:
    exemplar = scene(seed=5) * 0.5 + 0.4
    image = analogy(exemplar).paint(content, [], seed=1).image
    assert bool(image.isfinite().all())
    assert float(image.min()) >= float(exemplar.min()) - 1e-5
    assert bool(analogy(torch.zeros(3, 1, 1)).paint(scene(), [], seed=1).image.isfinite().all())


def test_levels_that_the_features_lack_are_refused() -> None:
    weights = {"features.0.weight": torch.rand(4, 3, 3, 3), "features.0.bias": torch.zeros(4)}
    with pytest.raises(UsageError, match="'relu2_1' is not in these features"):
        Analogy(VGG(weights, "max"), scene(), AnalogyOptions(levels=3))
    assert Analogy(tiny_network(), scene(), AnalogyOptions(levels=4)).top == 4


def test_structure_is_kept_where_there_is_some() -> None:
    features = torch.zeros(4, 6, 6)
    features[:, 2:4, 2:4] = 3.0
    kept = structure(features, 0.8, 300, 0.05)
    assert float(kept[0, 3, 3]) == pytest.approx(0.8) and float(kept[0, 0, 0]) < 1e-3


def test_deconvolution_finds_features_that_give_the_coarser_ones() -> None:
    network = tiny_network()
    network.pooling = "max"
    found = network(picture(32, 40)[None], ["relu3_1", "relu4_1"])
    fine, coarse = found["relu3_1"][0], found["relu4_1"][0]
    start = torch.rand(fine.shape) * fine.mean()

    def gap(response: torch.Tensor) -> float:
        return float((network.onward(response[None], "relu3_1", "relu4_1")[0] - coarse).square().mean())

    (there,) = deconvolve(network, [start], [coarse], ("relu3_1", "relu4_1"), 40)
    assert gap(there) < 0.2 * gap(start) and float(there.min()) >= 0
    assert gap(fine) < 1e-10


def test_pictures_that_leave_little_to_match_are_told() -> None:
    lines: list[str] = []
    red = torch.tensor([0.8, 0.1, 0.1])[:, None, None].expand(3, 40, 50)
    for exemplar in (red, scene(40, 50), scene(80, 80)):
        Analogy(tiny_network(), exemplar, AnalogyOptions(), lines.append)
    assert len(lines) == 2 and "one colour" in lines[0] and "only 50x40 pixels" in lines[1]
    method = Analogy(tiny_network(), scene(80, 80), AnalogyOptions(steps=1, sweeps=1), lines.append)
    for content in (scene(), red, red):
        method.paint(content, [], seed=1)
    assert len(lines) == 3 and "a frame is of one colour" in lines[2]
