"""Colour that is learnt: the plane of colours, what is learnt of it, and the command."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

import vidstyle
from tests.methods.colour.small import untaught
from tests.video.clip_makers import make_video
from vidstyle.cli import main
from vidstyle.errors import MediaError, UsageError, WeightsError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_uint8
from vidstyle.image.lab import from_lab, to_lab
from vidstyle.methods.colour import learning, method
from vidstyle.methods.colour.classes import annealed_mean, classes, cross_entropy, encoded, rebalancing
from vidstyle.methods.colour.file import SHIPPED, as_stored, read_colours, write_colours
from vidstyle.methods.colour.learning import SIDE, Training, lesson_of
from vidstyle.methods.colour.options import LEARNT_ON, ColourRunOptions
from vidstyle.methods.colour.painter import Colouring
from vidstyle.types import Prior
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip


def pixels_of(path: str | Path) -> np.ndarray:
    return next(iter(open_clip(path).frames())).pixels


def chroma(picture: torch.Tensor) -> float:
    return float(to_lab(picture)[1:].norm(dim=0).mean())


@pytest.fixture
def network() -> VGG:
    return VGG(load(find(LEARNT_ON)).tensors)


@pytest.fixture
def two_tone() -> torch.Tensor:
    """A bright blue half above a dark green one, with some texture."""
    random = torch.Generator().manual_seed(0)
    upper, lower = torch.tensor([0.3, 0.6, 0.95]), torch.tensor([0.1, 0.35, 0.1])
    picture = torch.cat([upper.view(3, 1, 1).expand(3, 90, 180), lower.view(3, 1, 1).expand(3, 90, 180)], 1)
    return (picture + 0.03 * torch.randn(1, 180, 180, generator=random)).clamp(0, 1)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
    ],
)
def test_lab_is_that_of_the_standard(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    found = to_lab(torch.tensor(rgb, dtype=torch.float32).view(3, 1, 1)).flatten()
    assert torch.allclose(found, torch.tensor(lab, dtype=torch.float32), atol=0.02)


def test_lab_goes_there_and_back_and_stays_in_range() -> None:
    picture = torch.rand(3, 20, 30)
    assert torch.allclose(from_lab(to_lab(picture)), picture, atol=1e-5)
    impossible = torch.tensor([50.0, 120.0, 120.0]).view(3, 1, 1)
    assert from_lab(impossible).min() >= 0 and from_lab(impossible).max() <= 1


def test_a_colour_is_given_to_the_classes_around_it() -> None:
    plane = classes()
    assert len(plane) > 200 and (plane == 0).all(1).any() and float(plane.abs().max()) <= 110
    shares = encoded(torch.tensor([[0.0, 0.0], [13.0, -4.0]]))
    assert torch.allclose(shares.sum(1), torch.ones(2)) and ((shares > 0).sum(1) == 5).all()
    assert torch.equal(plane[shares.argmax(1)], torch.tensor([[0.0, 0.0], [10.0, 0.0]]))
    logits = shares.clamp_min(1e-9).log().T[None, :, :, None]
    assert torch.allclose(annealed_mean(logits[:, :, 1:])[0, :, 0, 0], torch.tensor([13.0, -4.0]), atol=3)
    unknown = annealed_mean(torch.zeros(1, len(plane), 2, 2))
    assert float(unknown.abs().max()) < 1e-3  # near grey


def test_rare_colours_count_for_more_and_the_usual_ones_for_one() -> None:
    counts = torch.ones(len(classes()))
    grey = int((classes() == 0).all(1).nonzero())
    counts[grey] = 10_000
    weights = rebalancing(counts)
    assert weights.argmin() == grey and weights.max() / weights[grey] > 5
    shares = torch.zeros(1, len(classes()), 1, 1)
    shares[0, grey] = 1
    assert float(cross_entropy(100 * shares, shares, weights)) < 1e-3
    wrong = cross_entropy(100 * shares.roll(1, 1), shares, weights)
    assert float(wrong) == pytest.approx(100 * float(weights[grey]), rel=1e-3)


def test_it_learns_what_is_where_and_goes_on_to_the_bit(
    network: VGG, two_tone: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "_BATCH", 2)
    lessons = [lesson_of(two_tone, network, torch.Generator().manual_seed(i)) for i in range(6)]
    given = [lesson for lesson in lessons if lesson is not None]
    assert len(given) == 6 and given[0].ab.shape == (2, SIDE // 4, SIDE // 4)
    training = Training(untaught().requires_grad_(True), given, steps=40)
    first = training.step()
    for _ in range(19):
        training.step()
    state = {name: each.clone() for name, each in training.state().items()}
    rest = [training.step() for _ in range(20)]
    assert sum(rest[-5:]) / 5 < 0.8 * first
    again = Training(untaught().requires_grad_(True), given, steps=40)
    again.restore(state)
    assert [again.step() for _ in range(20)] == rest
    learnt = zip(again.average.parameters(), training.average.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in learnt)
    colouring = Colouring(network, as_stored(training.average))
    made = colouring.paint(luminance(two_tone), [], 0).image
    sky = to_lab(made)[1:, 20:70].mean((1, 2))
    assert sky[1] < -10
    # Colours that no screen has are cut off, and their lightness with them.
    assert float((to_lab(made) - to_lab(luminance(two_tone)))[0].abs().mean()) < 2


def test_a_grey_picture_teaches_nothing(network: VGG) -> None:
    assert lesson_of(torch.rand(1, 200, 200).expand(3, -1, -1), network, torch.Generator()) is None


def test_colours_are_kept_where_the_flow_holds(network: VGG, two_tone: torch.Tensor) -> None:
    colouring, grey = Colouring(network, untaught()), luminance(two_tone)
    alone = colouring.paint(grey, [], 0).image
    followed = colouring.paint(grey, [Prior(two_tone, torch.ones(1, 180, 180))], 0).image
    unheld = colouring.paint(grey, [Prior(two_tone, torch.zeros(1, 180, 180))], 0).image
    assert torch.equal(alone, unheld)
    off = [(to_lab(each) - to_lab(two_tone))[1:].abs().mean() for each in (alone, followed)]
    assert off[1] < 0.2 * off[0]


@pytest.mark.usefixtures("alone")
def test_the_command_colours_a_clip_that_goes_on(two_tone: torch.Tensor) -> None:
    grey = (luminance(two_tone) * 255).byte().permute(1, 2, 0).numpy()[:64, :80]
    make_video(Path("grey.mp4"), size=(80, 64), pictures=[grey] * 3, pts=[0, 1, 2])
    assert main(["colorize", "grey.mp4", "-o", "out.mp4", "-q"]) == 0
    assert len(list(open_clip("out.mp4").frames())) == 3
    assert main(["colorize", "grey.mp4", "-o", "again.mp4", "-q"]) == 0
    assert Path("out.mp4").read_bytes() == Path("again.mp4").read_bytes()


@pytest.mark.usefixtures("alone")
def test_one_learns_ones_own_colours(
    two_tone: torch.Tensor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIDSTYLE_CACHE", "cache")
    monkeypatch.setattr(method, "_STEPS", 60)
    monkeypatch.setattr(learning, "_BATCH", 2)
    folder = Path("mine")
    folder.mkdir()
    odd = two_tone.flip(0)  # an orange sky
    write_picture(folder / "one.png", to_uint8(odd))
    write_picture(Path("grey.png"), to_uint8(luminance(odd)))
    vidstyle.colorize("grey.png", "usual.png")
    asked = ["colorize", "grey.png", "--learn-from", "mine", "-o"]
    assert main([*asked, "own.png"]) == 0
    assert "learning colours: step 50 of 60" in capsys.readouterr().err
    usual, own = (
        torch.from_numpy(pixels_of(f"{name}.png").copy()).float() / 255 for name in ("usual", "own")
    )
    off = [float((to_lab(each) - to_lab(odd))[1:, 10:80].abs().mean()) for each in (usual, own)]
    assert off[1] < 0.75 * off[0]
    assert main([*asked, "again.png"]) == 0
    assert "learning" not in capsys.readouterr().err  # what was learnt is kept
    assert Path("again.png").read_bytes() == Path("own.png").read_bytes()
    write_picture(folder / "one.png", to_uint8(luminance(odd)))
    with pytest.raises(MediaError, match="shows no colours to learn from"):
        vidstyle.colorize("grey.png", "third.png", learn_from="mine")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("--learn-from nowhere", 1, "cannot read nowhere"),
        ("--features bundled", 2, "go by VGG-19 alone"),
        ("--refine", 2, "--refine does nothing without an exemplar"),
        ("two.png --learn-from .", 2, "takes the place of an exemplar"),
    ],
)
def test_what_does_not_go_together_is_told(
    words: str, code: int, told: str, two_tone: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("two.png"), to_uint8(two_tone))
    assert main(["colorize", "two.png", *words.split(), "-o", "out.png"]) == code
    assert told in capsys.readouterr().err and not Path("out.png").exists()


@pytest.mark.usefixtures("alone")
def test_a_picture_with_colours_is_coloured_anew_and_that_is_said(
    two_tone: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("colour.png"), to_uint8(two_tone))
    write_picture(Path("grey.png"), to_uint8(luminance(two_tone)))
    for name in ("colour", "grey"):
        assert main(["colorize", f"{name}.png", "-o", f"{name}_out.png"]) == 0
        assert ("has colours already" in capsys.readouterr().err) == (name == "colour")
    off = pixels_of("colour_out.png").astype(int) - pixels_of("grey_out.png")
    assert np.abs(off).mean() < 2


@pytest.mark.usefixtures("alone")
def test_without_vgg19_the_remedy_is_one_that_this_command_takes(
    two_tone: torch.Tensor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    write_picture(Path("grey.png"), to_uint8(luminance(two_tone)))
    monkeypatch.setattr(metadata, "distribution", missing)
    assert main(["colorize", "grey.png", "-o", "out.png", "-q"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].endswith(
        "or give EXEMPLAR or --key: colours taken from a picture do without"
    )


def test_the_file_is_small_and_damage_is_told(tmp_path: Path) -> None:
    assert SHIPPED.stat().st_size < 8_000_000
    assert all(bool(each.isfinite().all()) for each in read_colours(SHIPPED).state_dict().values())
    path = tmp_path / "colours.safetensors"
    write_colours(path, untaught(), {"steps": "0"})
    stored, read = as_stored(untaught()).state_dict(), read_colours(path).state_dict()
    assert all(torch.equal(stored[name], read[name]) for name in stored)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError):
        read_colours(path)


def test_other_features_are_refused_in_python_too() -> None:
    with pytest.raises(UsageError, match="VGG-19"):
        ColourRunOptions(features="bundled")
