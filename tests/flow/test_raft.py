"""RAFT with random weights: where they come from, any size, threads; it needs no download."""

from __future__ import annotations

import hashlib
import io
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from vidstyle.errors import OutOfMemory, WeightsError
from vidstyle.flow import raft
from vidstyle.flow.estimators import make_estimator

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small RAFT that has learned nothing."""
    from torchvision.models.optical_flow import raft_small

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("raft") / "random.pth"
    torch.save(raft_small(weights=None).state_dict(), path)
    return path


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (3, height, width), np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (7, 200), (130, 135)])
def test_any_size_gives_a_finite_flow(weights: Path, size: tuple[int, int]) -> None:
    flow = make_estimator("raft-small", weights)(noise(*size), noise(*size, seed=1))
    assert flow.shape == (2, *size) and flow.dtype == np.float32 and flow.flags.c_contiguous
    assert np.isfinite(flow).all()


def test_it_is_torchvisions_own_with_the_padding_taken_off(weights: Path) -> None:
    from torchvision.models.optical_flow import raft_small

    target, source = noise(128, 132), noise(128, 132, seed=1)
    padded = [
        torch.from_numpy(np.pad(picture, ((0, 0), (0, 0), (0, 4)), mode="edge"))[None] / 127.5 - 1
        for picture in (target, source)
    ]
    network = raft_small(weights=None).eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.inference_mode():
        expected = network(*padded)[-1][0, :, :, :132].numpy()
    assert np.array_equal(make_estimator("raft-small", weights)(target, source), expected)


def test_16_bit_frames_and_threads_give_the_same_flow(weights: Path) -> None:
    estimator = make_estimator("raft-small", weights)
    pairs = [(noise(60, 80, seed), noise(60, 80, seed + 1)) for seed in range(4)]
    alone = [estimator(*pair) for pair in pairs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: estimator(*pair), pairs))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    deep = estimator(*(picture.astype(np.uint16) * 257 for picture in pairs[0]))
    assert np.array_equal(deep, alone[0])


def test_memory_that_runs_out_is_one_line(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    estimator = make_estimator("raft-small", weights)

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(estimator, "_network", full)
    with pytest.raises(OutOfMemory, match=r"--flow raft-small runs out of memory at 136x128; .*--flow-size"):
        estimator(noise(100, 130), noise(100, 130))


def test_weights_that_cannot_be_had_are_one_line() -> None:
    with pytest.raises(
        WeightsError, match=r"the small RAFT is not in .*VIDSTYLE_OFFLINE forbids fetching it"
    ):
        make_estimator("raft-small")


def test_weights_are_fetched_once_and_checked(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = weights.read_bytes()
    named = raft.Published(
        "the small RAFT",
        f"https://example.org/raft-{hashlib.sha256(content).hexdigest()[:8]}.pth",
        4,
        "--flow dis does without",
        "--flow-weights FILE",
    )
    monkeypatch.setattr(raft, "published", lambda name: named)
    monkeypatch.delenv("VIDSTYLE_OFFLINE")
    asked = []

    def answer(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(content if len(asked) > 1 else content[:-1])

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    with pytest.raises(WeightsError, match="is damaged: its checksum is not"):
        make_estimator("raft-small")
    assert not list(named.cached().parent.iterdir())
    lines: list[str] = []
    make_estimator("raft-small", notice=lines.append)
    assert lines == ["fetching the small RAFT, 4 MB, once (--flow dis does without)"]
    make_estimator("raft-small")
    assert len(asked) == 2 and named.cached().read_bytes() == content
    named.cached().write_bytes(content[:-1])
    with pytest.raises(WeightsError, match="is damaged"):
        make_estimator("raft-small")


def test_wrong_files_are_one_line(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.pth: no such weights file"):
        make_estimator("raft-small", tmp_path / "gone.pth")
    with pytest.raises(
        WeightsError, match=r"random\.pth does not hold the weights of raft, neither torchvision's"
    ):
        make_estimator("raft", weights)
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(WeightsError, match=r"text\.pth: not a readable weights file"):
        make_estimator("raft-small", tmp_path / "text.pth")
    state = torch.load(weights, weights_only=True)
    next(iter(state.values()))[0] = torch.nan
    torch.save(state, tmp_path / "damaged.pth")
    with pytest.raises(WeightsError, match=r"damaged\.pth holds values that are not finite"):
        make_estimator("raft-small", tmp_path / "damaged.pth")
