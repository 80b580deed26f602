"""Neural style: what its options and its priors do."""

from __future__ import annotations

import pytest
import torch

from tests.methods.painters import neural, picture, prior_of, style_loss
from vidstyle.errors import UsageError
from vidstyle.image.colour import luminance, match_palette, palette, with_luminance
from vidstyle.image.distribution import distribution
from vidstyle.image.resize import resize
from vidstyle.image.warp import warp
from vidstyle.losses import patch
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import LayerLoss, term_values
from vidstyle.types import Draft, Prior


@pytest.mark.parametrize("loss", ["gram", "wasserstein", "patch", "gram+patch"])
def test_painting_brings_the_style_nearer(loss: str) -> None:
    content = picture(40, 48) * 0.2 + 0.4
    before = neural(steps=1, loss=loss).paint(content, [], 0).losses["style"]
    assert neural(steps=40, loss=loss).paint(content, [], 0).losses["style"] < 0.5 * before


def test_the_moments_of_two_styles_are_those_of_both_together() -> None:
    one, other = picture(30, 400, 1) * 0.3, picture(30, 400, 2) * 0.3 + 0.7
    both = torch.cat([one, other], dim=2)
    size = (60, 800)
    options = {"loss": "wasserstein", "style_layers": ("relu1_1",)}
    (mean, root), (wanted_mean, wanted_root) = (
        neural(*styles, **options).style_term(size)[0].loss.target for styles in ((one, other), (both,))
    )
    assert torch.allclose(mean, wanted_mean, atol=2e-2)  # but for the column where they meet
    assert torch.allclose(root, wanted_root, atol=5e-2)


def test_layers_that_see_too_little_of_the_styles_are_left_out() -> None:
    """A style of 40 by 30 at a tenth of a frame of 200: 20 by 15, seven positions of relu2_1."""
    method = neural(style_scale=0.1, style_layers=("relu1_1", "relu2_1", "relu3_1"))
    assert layers_of(method.style_term((150, 200))) == ["relu1_1", "relu2_1"]
    assert sum(each.factor for each in method.style_term((150, 200))) == pytest.approx(1)
    assert layers_of(neural(style_scale=0.05).style_term((60, 100))) == ["relu1_1"]
    deep = neural(style_scale=0.1, style_layers=("relu1_1", "relu3_1"), layer_weights=(0.0, 1.0))
    # Of those that have any weight the shallowest.
    assert layers_of(deep.style_term((150, 200))) == ["relu3_1"]
    assert layers_of(neural().style_term((30, 40))) == list(method.recipe.style_layers[:3])


def layers_of(term: list[LayerLoss]) -> list[str]:
    return [each.layer for each in term]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_was_seen_before_is_held(optimizer: str) -> None:
    """Left half seen, right half not: the left keeps to the prior, the right is painted anew."""
    content = picture(32, 64)
    earlier = picture(32, 64, seed=5)
    seen = torch.zeros(1, 32, 64)
    seen[..., :32] = 1
    method = neural(temporal_weight=30, optimizer=optimizer)
    image = method.paint(content, [Prior(earlier, seen)], 0).image
    difference = (image - earlier).abs().mean(dim=(0, 1))
    assert float(difference[:28].mean()) < 0.03
    assert float(difference[36:].mean()) > 0.1


def test_what_comes_into_view_takes_the_colours_of_its_kind() -> None:
    """Bright and dark bars, of which the left half was painted blue and brown; the style is red."""
    bars = (torch.arange(64).view(-1, 1) // 16 % 2).float().expand(3, 64, 96)
    blue, brown = (torch.tensor(colour).view(3, 1, 1) for colour in ([0.2, 0.3, 0.9], [0.4, 0.3, 0.1]))
    seen = torch.zeros(1, 64, 96)
    seen[..., :48] = 1
    painted = torch.where(bars > 0.5, blue, brown)
    red = torch.tensor([1.0, 0.1, 0.1]).view(3, 1, 1) * picture(30, 40, 9)
    image = neural(red).paint(bars * 0.8 + 0.1, [Prior(painted, seen)], 0).image
    off = (image - painted)[..., 52:]
    cells = torch.nn.functional.avg_pool2d(off, 4)
    assert float(cells.abs().mean()) < 0.05


def test_what_is_new_has_a_style_term_of_its_own() -> None:
    """Of a picture that is the style on its left and plain on its right the whole has much of the style."""
    style = picture(64, 64, 9)
    method = neural(style, style_layers=("relu1_1", "relu2_1"))
    image = torch.cat([style[..., :32], torch.full((3, 64, 32), 0.5)], dim=2)
    fresh = torch.zeros(1, 64, 64)
    fresh[..., 48:] = 1
    whole, apart = method.style_term((64, 64)), method.style_term((64, 64), fresh=fresh)
    assert [round(each.factor, 4) for each in apart] == [0.5, 0.0625, 0.5, 0.0625]
    weak, strong = (gradient_of(method, image, term)[..., 52:] for term in (whole, apart))
    assert float(strong.abs().mean()) > 1.2 * float(weak.abs().mean())
    few = method.style_term((64, 64), fresh=fresh * 0.001)  # fewer positions than say anything
    assert len(few) == len(whole)


def gradient_of(method: NeuralStyle, image: torch.Tensor, term: list[LayerLoss]) -> torch.Tensor:
    x = image.clone().requires_grad_()
    term_values(method.features, x, {"style": term})["style"].backward()
    assert x.grad is not None
    return x.grad


def test_a_strip_that_enters_is_painted_as_far_as_the_rest() -> None:
    """Frames shifted by four pixels each; in the end all that is looked at has come into view."""
    panorama = picture(40, 120, 3) * 0.4 + 0.3
    method = neural(steps=40, next_steps=10)
    painted = method.paint(panorama[..., :60], [], 0)
    vectors = torch.zeros(2, 40, 60)
    vectors[0] = 4
    weight = (torch.arange(60) < 56).float().expand(1, 40, 60).contiguous()
    for frame in range(1, 13):
        content = panorama[..., 4 * frame : 4 * frame + 60]
        earlier = Prior(warp(painted.image, vectors), weight, painted.carry, vectors)
        painted = method.paint(content, [earlier], frame)
        assert int(painted.carry["ripe"].min()) == round(255 / 6)
    alone = method.paint(content, [], 0)
    term = method.style_term((40, 60))
    strips = [each.image[..., 30:56] for each in (painted, alone)]
    entered, whole = (float(term_values(method.features, each, {"style": term})["style"]) for each in strips)
    assert entered < 3 * whole  # 30 times, if held at once to what it then is


def test_the_nearest_prior_lies_on_top() -> None:
    content = picture(24, 24)
    near, far = torch.full_like(content, 0.2), torch.full_like(content, 0.9)
    left = torch.zeros(1, 24, 24)
    left[..., :12] = 1
    rest = 1 - left
    priors = [Prior(near, left), Prior(far, rest)]
    image = neural(style_weight=0, content_weight=0, tv_weight=0).paint(content, priors, 0).image
    assert float((image[..., :10] - 0.2).abs().max()) < 0.02
    assert float((image[..., 14:] - 0.9).abs().max()) < 0.02


def test_independent_frames_ignore_what_came_before() -> None:
    method, content = neural(independent=True), picture(24, 24)
    painted = method.paint(content, [], 1)
    assert torch.equal(method.paint(content, [prior_of(painted)], 1).image, painted.image)


def test_content_colours_are_kept() -> None:
    content = picture(24, 32) * 0.3 + 0.35
    painted = neural(color="content", style_weight=0.2).paint(content, [], 0)
    chroma = painted.image - luminance(painted.image) - (content - luminance(content))
    assert float(chroma.abs().max()) < 1e-4 or float(painted.image.max()) == 1
    assert not torch.allclose(luminance(painted.image), luminance(content), atol=1e-3)


def test_the_shots_first_frame_decides_the_colours() -> None:
    dark, bright = picture(24, 24) * 0.2, picture(24, 24) * 0.5 + 0.5
    method = neural(color="match")
    first = method.paint(dark, [], 0)
    assert torch.allclose(first.carry["palette"], palette(dark))
    after = method.paint(bright, [prior_of(first)], 0)
    assert torch.equal(after.carry["palette"], first.carry["palette"])


def test_all_frames_of_a_shot_are_painted_in_the_distribution_of_its_first() -> None:
    dark, bright = picture(24, 24) ** 3, picture(24, 24) * 0.5 + 0.5
    method = neural(color="histogram")
    first = method.paint(dark, [], 0)
    assert torch.equal(first.carry["palette"], distribution(dark))
    after = method.paint(bright, [prior_of(first)], 0)
    assert torch.equal(after.carry["palette"], first.carry["palette"])
    again = method.paint(bright, [], 0, Draft(after.image, 2, after.carry))
    assert torch.equal(again.carry["palette"], first.carry["palette"])
    painted_in = method._scaled(method.style.pictures[0], (24, 24), after.carry["palette"])
    assert torch.allclose(painted_in.mean(dim=(1, 2)), dark.mean(dim=(1, 2)), atol=0.02)


def test_match_palette_matches_mean_and_covariance() -> None:
    source, target = (
        picture(50, 60) * 0.5 + 0.2,
        picture(40, 40, 3) * torch.tensor([0.3, 0.2, 0.1]).view(3, 1, 1) + 0.4,
    )
    assert torch.allclose(palette(match_palette(source, palette(target))), palette(target), atol=2e-3)
    grey = torch.full((3, 8, 8), 0.5)
    assert bool(match_palette(grey, palette(target)).isfinite().all())


def test_with_luminance_changes_luma_alone() -> None:
    image, luma = picture(8, 8) * 0.2 + 0.4, torch.full((3, 8, 8), 0.45)
    result = with_luminance(image, luma)
    assert torch.allclose(luminance(result), luma, atol=1e-6)
    assert torch.allclose(result - luma, image - luminance(image), atol=1e-6)


def test_a_blend_lies_between_its_styles() -> None:
    one, other = picture(30, 40, 1) * 0.3, picture(30, 40, 2) * 0.3 + 0.7
    size = (24, 32)
    grams = {
        shares: neural(one, other, blend=shares).style_term(size)[0].loss.target[0]
        for shares in ((1.0, 0.0), (0.0, 2.0), (0.25, 0.75))
    }
    mixed = 0.25 * grams[1.0, 0.0] + 0.75 * grams[0.0, 2.0]
    assert torch.allclose(grams[0.25, 0.75], mixed, atol=1e-5)


def test_the_start_can_be_a_picture() -> None:
    start = picture(50, 50, 8)
    off = {"style_weight": 0, "content_weight": 0, "tv_weight": 0}
    image = neural(init=start, **off).paint(picture(50, 50), [], 0).image
    assert torch.allclose(image, start, atol=1e-5)


def test_larger_strokes_come_from_a_larger_style_picture() -> None:
    style = picture(60, 80, 1)
    sizes = [neural(style, style_scale=s)._scaled(style, (24, 32), None).shape[1:] for s in (0.5, 1, 2, 9)]
    assert [tuple(size) for size in sizes] == [(12, 16), (24, 32), (48, 64), (60, 80)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"style_weight": -1.0}, "--style-weight must be at least 0"),
        ({"photo": True, "color": "content"}, "--photo gives .*; --color content is the opposite"),
        ({"photo": True, "color": "match"}, "--photo gives .*; --color match is the opposite"),
        ({"photo": True, "color": "histogram"}, "--color histogram is the opposite"),
        ({"photo": True, "init": "noise"}, "--photo .*cannot start with --init noise"),
        ({"steps": 0}, "--steps must be at least 1"),
        ({"loss": "gram+sketch"}, "--loss must be gram, wasserstein, patch or several .*'gram\\+sketch'"),
        ({"loss": "gram+gram"}, "--loss must be"),
        ({"loss": ""}, "--loss must be"),
        ({"loss_weights": (1.0, 2.0)}, "--loss-weights has 2 weights for 1 losses"),
        ({"loss": "gram+patch", "loss_weights": (0.0, 0.0)}, "--loss-weights needs at least one"),
        ({"loss": "gram+patch", "layer_weights": (1.0,)}, "--layer-weights with --loss gram\\+patch needs"),
    ],
)
def test_options_check_themselves(settings: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        NeuralOptions(**settings)  # type: ignore[arg-type]


def test_where_nothing_moves_and_nothing_is_gained_a_frame_costs_no_step() -> None:
    """Painted again and again, a still picture comes to rest; another picture wakes it."""
    content, other = picture(32, 32) * 0.5, picture(32, 32, seed=8)
    method = neural(tolerance=0.003, next_steps=20, content_layers=("relu2_1",))
    painted = method.paint(content, [], 0)
    steps = []
    for _ in range(30):
        before = painted
        painted = method.paint(content, [prior_of(painted)], 0)
        steps.append(painted.steps)
    assert steps[0] > 0 and steps[-3:] == [0, 0, 0]
    assert torch.equal(painted.image, before.image)
    assert torch.equal(painted.carry["rest"], before.carry["rest"])
    assert method.paint(other, [prior_of(painted)], 0).steps > 0
    assert method.paint(content, [prior_of(painted, 0.9)], 0).steps > 0  # not all of it is known
    restless = neural(tolerance=0, next_steps=20)
    assert restless.paint(content, [prior_of(painted)], 0).steps == 20


def test_several_losses_are_summed_by_their_weights() -> None:
    def loss(**settings: object) -> float:
        return style_loss(neural(**settings), picture(30, 36))

    mixed = loss(loss="gram+patch", loss_weights=(3.0, 1.0))
    assert mixed == pytest.approx(0.75 * loss(loss="gram") + 0.25 * loss(loss="patch"), rel=1e-5)
    assert loss(loss="gram+patch", loss_weights=(0.0, 2.0)) == pytest.approx(loss(loss="patch"))


def test_neighbours_are_searched_on_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    match = patch.match
    monkeypatch.setattr(patch, "match", lambda *a, **k: searched.append(1) or match(*a, **k))
    settings = {"loss": "patch", "patch_refresh": 4, "style_layers": ("relu2_1",), "tolerance": 0.0}
    neural(steps=10, **settings).paint(picture(40, 40), [], 0)
    # A small picture is searched twice at its size: 5 steps by Adam, then 5 by L-BFGS.
    assert len(searched) == 2 + 2  # before the steps 1 and 5 of each


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_plain_subjects_are_painted_all_over(level: float) -> None:
    """One colour has no gradient that tells its places apart: a stirred start does, black and white too."""
    style = resize(picture(9, 9, 4), (36, 36))
    image = neural(style, steps=40).paint(torch.full((3, 40, 48), level), [], 0).image
    assert bool(image.isfinite().all()) and float(image.std()) > 0.03
    middle = image[:, 12:-12, 12:-12]
    assert float(middle.std()) > 0.5 * float(image.std())  # not along the border alone


def test_a_stirred_start_comes_from_the_seed() -> None:
    method, content = neural(steps=3), picture(20, 30)
    one, same, other = (method.paint(content, [], seed).image for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
