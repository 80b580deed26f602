"""A job that takes seconds: a tiny clip, a style picture and a thin network with random weights."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """start(ARGUMENTS...) runs Python with them and captures what it prints; killed when the test ends."""
    children = []

    def run(*arguments: str, stop_signals: bool = True) -> subprocess.Popen[str]:
        # A shell may have started the tests with SIGINT ignored, and that is inherited.
        handler = signal.default_int_handler if stop_signals else signal.SIG_IGN
        child = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, handler) and None,
        )
        children.append(child)
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture(scope="session")
def thin_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG-19's first three blocks with 4 channels each, seeded."""
    import torch
    from safetensors.torch import save_file

    from vidstyle.features.vgg import CONV_INDEX

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
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the normalised weights are kept, for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clip/0.png ... clip/9.png, a pattern that moves by a pixel per frame, and style.png; 48x32."""
    import numpy as np

    from vidstyle.video.pictures import encode_png

    directory = tmp_path_factory.mktemp("pictures")
    (directory / "clip").mkdir()
    y, x = np.mgrid[0:32, 0:48]
    for index in range(10):
        waves = [127 + 120 * np.sin((x - index) / (3 + c) + y / (4 + c)) for c in range(3)]
        (directory / "clip" / f"{index}.png").write_bytes(encode_png(np.stack(waves).astype(np.uint8)))
    stripes = np.stack([255 * ((x + y) // (3 + c) % 2) for c in range(3)]).astype(np.uint8)
    (directory / "style.png").write_bytes(encode_png(stripes))
    return directory
