"""Shared fixtures. Data that is not part of the project lies in ../shared; tests skip without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vidstyle  # noqa: F401  before any test loads PyTorch, so that its threads wait as in a run

if TYPE_CHECKING:
    from vidstyle.features.weights import Weights

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "sample_videos"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """shared("clips/x.mp4") -> its path; skips the test where it is absent (fails under CI)."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            message = f"{path} is not here"
            if os.environ.get("VIDSTYLE_REQUIRE_SHARED") == "1":
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find


@pytest.fixture(scope="session")
def thin_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG-19's first three blocks with 4 channels each, seeded."""
    import torch
    from safetensors.torch import save_file

    from vidstyle.features.convolutions import CONV_INDEX

    generator = torch.Generator().manual_seed(5)
    tensors, channels = {}, 3
    for index in list(CONV_INDEX.values())[:8]:
        tensors[f"features.{index}.weight"] = torch.randn(4, channels, 3, 3, generator=generator) * 0.3
        tensors[f"features.{index}.bias"] = torch.zeros(4)
        channels = 4
    path = tmp_path_factory.mktemp("weights") / "thin.safetensors"
    save_file(tensors, path)
    return path


@pytest.fixture(scope="session")
def bundled() -> Weights:
    """The features that ship."""
    from vidstyle.features.weights import find, load

    return load(find("bundled"))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As long as frames have been decoded from a video."""
    from vidstyle.video import decode

    seen: list[int] = []
    real = decode._decoded

    def counting(*arguments: Any) -> Any:
        for frame in real(*arguments):
            seen.append(1)
            yield frame

    monkeypatch.setattr(decode, "_decoded", counting)
    return seen


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Normalised weights are kept for all tests, away from the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDSTYLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def few_samples() -> Iterator[int]:
    """Components of patches are learnt from fewer than in a run: how many that takes.

    Of so many it takes a quarter of a second for each search, more than all else in a small painting.
    """
    from vidstyle.image import patchmatch

    usual = patchmatch._SAMPLES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patchmatch, "_SAMPLES", 256)
        yield usual


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """More threads are in each other's way on pictures this small."""
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def alone(one_thread: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory, without a network or weights of torchvision's, on one thread."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("VIDSTYLE_DEBUG", raising=False)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers in every run of a test."""
    import torch

    torch.manual_seed(0)
