"""Estimators: pictures moved by a known flow, any size, the same answer every time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import cv2
import numpy as np
import pytest
import torch

from vidstyle.errors import UsageError
from vidstyle.flow import raft
from vidstyle.flow.epic import EpicFlow
from vidstyle.flow.estimators import ESTIMATORS, DISFlow, estimator_for, make_estimator
from vidstyle.flow.pair import flow_between
from vidstyle.image.convert import to_uint8
from vidstyle.image.warp import in_frame, warp
from vidstyle.metrics import endpoint_error
from vidstyle.types import Frame

HEIGHT, WIDTH = 120, 160
WITHOUT_WEIGHTS = [name for name in ESTIMATORS if name not in (*raft.NAMES, "none")]


def texture(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """Smooth coloured noise at several scales, uint8 (3, H, W)."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for sigma in (1.5, 4, 12):
        layer = cv2.GaussianBlur(random.standard_normal((height, width, 3)).astype(np.float32), (0, 0), sigma)
        picture += layer / layer.std() * sigma**0.5
    picture = 255 * (picture - picture.min()) / np.ptp(picture)
    return np.ascontiguousarray(picture.transpose(2, 0, 1)).astype(np.uint8)


def swirl(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A smooth flow: a turn, a zoom and a drift, up to about 5 pixels."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x - width / 2, y - height / 2
    return np.stack([0.02 * x - 0.03 * y + 1.5, 0.03 * x + 0.02 * y - 1]).astype(np.float32)


def moved(source: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The target that shows `source` displaced by `vectors`."""
    image = torch.from_numpy(source).float() / 255
    return to_uint8(warp(image, torch.from_numpy(vectors), "bicubic"))


def swirled() -> tuple[np.ndarray, np.ndarray]:
    """A target and its source, which the swirl moves."""
    return moved(texture(), swirl()), texture()


def square() -> tuple[np.ndarray, np.ndarray]:
    """A target and its source: a square moves by ten pixels over a ground that stands still."""
    thing, target, source = texture(40, 40, seed=5), texture(), texture()
    target[:, 40:80, 50:90] = source[:, 40:80, 40:80] = thing
    return target, source


def frame(pixels: np.ndarray, index: int) -> Frame:
    return Frame(pixels, index=index, pts=index, time_base=Fraction(1, 25))


@pytest.mark.parametrize(
    "name, limit",
    [
        ("dis", 0.03),
        ("dis-fast", 0.15),
        ("farneback", 0.4),
        ("deepflow", 0.04),
        ("tvl1", 0.2),
        ("epic", 0.03),
    ],
)
def test_a_known_flow_is_found(name, limit):
    truth = torch.from_numpy(swirl())
    found = torch.from_numpy(ESTIMATORS[name](*swirled()))
    assert found.dtype == torch.float32 and found.shape == truth.shape
    assert endpoint_error(found, truth, in_frame(truth, (HEIGHT, WIDTH))).mean < limit


def test_the_default_keeps_its_accuracy_under_noise():
    random = np.random.default_rng(1)
    noisy = [np.clip(p + random.normal(0, 4, p.shape), 0, 255).astype(np.uint8) for p in swirled()]
    truth = torch.from_numpy(swirl())
    inside = in_frame(truth, (HEIGHT, WIDTH))
    ours = endpoint_error(torch.from_numpy(ESTIMATORS["dis"](*noisy)), truth, inside)
    opencv = endpoint_error(torch.from_numpy(DISFlow(smoothness=20.0)(*noisy)), truth, inside)
    assert ours.mean < 0.25
    assert ours.mean < opencv.mean


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 9), (8, 8), (12, 400), (33, 35)])
def test_any_size_gives_a_finite_flow(name, size):
    flow = ESTIMATORS[name](texture(*size), texture(*size, seed=1))
    assert flow.shape == (2, *size) and flow.dtype == np.float32 and flow.flags.c_contiguous
    assert np.isfinite(flow).all()


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
@pytest.mark.parametrize("size", [(5, 3), (50, 70)])
def test_pictures_that_do_not_move(name, size):
    for picture in (texture(*size), np.full((3, *size), 90, np.uint8)):
        # Farnebäck's window reaches past the border and moves it a little even here.
        assert np.abs(ESTIMATORS[name](picture, picture)).mean() < (0.02 if name == "farneback" else 1e-4)


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_noise_that_moves_by_whole_pixels(name):
    """Every vector the same, and edges everywhere: the interpolation must not take them for no motion."""
    source = np.random.default_rng(0).integers(0, 255, (3, 64, 96), np.uint8)
    flow = ESTIMATORS[name](np.roll(source, (2, -1), axis=(1, 2)), source)
    inner = flow[:, 12:-12, 12:-12]
    assert np.median(np.abs(inner - np.float32([[[1]], [[-2]]]))) < 0.1


def test_matches_that_agree_to_the_last_bit_are_not_taken_for_no_motion():
    source = texture()
    exact = np.zeros((2, HEIGHT, WIDTH), np.float32)
    exact[0] = 3

    def matcher(one, other):
        return exact if np.array_equal(one, target) else -exact

    target = np.roll(source, -3, axis=2)
    flow = EpicFlow(matcher=matcher)(target, source)
    assert np.abs(flow - exact)[:, :, 3:-6].max() < 0.1


def test_epic_keeps_what_moves_apart():
    """It is sharper at the outline than what it was matched with."""
    truth = np.zeros((2, HEIGHT, WIDTH), np.float32)
    truth[0, 40:80, 50:90] = -10
    shown = np.ones((1, HEIGHT, WIDTH), bool)
    shown[:, 40:80, 40:50] = False
    errors = {
        name: endpoint_error(*map(torch.from_numpy, (ESTIMATORS[name](*square()), truth, shown))).mean
        for name in ("dis", "epic")
    }
    assert errors["epic"] < 0.5 * errors["dis"]


def test_epic_with_next_to_no_matches():
    """Two pictures that have nothing in common."""
    flow = ESTIMATORS["epic"](np.full((3, 40, 40), 200, np.uint8), texture(40, 40))
    assert np.isfinite(flow).all()


def test_epic_thins_its_matches_in_a_large_picture():
    """OpenCV takes fewer than 2**15."""
    picture = cv2.resize(texture().transpose(1, 2, 0), (1024, 768)).transpose(2, 0, 1)
    flow = ESTIMATORS["epic"](np.roll(picture, 3, axis=2), np.ascontiguousarray(picture))
    assert np.abs(flow[0, 20:-20, 20:-20] + 3).mean() < 0.1


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_a_small_picture_is_still_matched(name):
    source = texture(24, 24)
    flow = ESTIMATORS[name](np.roll(source, 1, axis=2), source)
    assert np.abs(flow[0, 6:-6, 6:-6] + 1).mean() < 0.3


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_16_bit_frames_give_the_flow_of_their_8_bit_ones(name):
    deep = ESTIMATORS[name](*(picture.astype(np.uint16) * 257 for picture in swirled()))
    assert np.array_equal(deep, ESTIMATORS[name](*swirled()))


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_the_same_answer_whatever_the_threads(name):
    target, source = swirled()
    threads = cv2.getNumThreads()
    try:
        flows = []
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            flows.append(ESTIMATORS[name](target, source))
    finally:
        cv2.setNumThreads(threads)
    with ThreadPoolExecutor(4) as pool:
        flows += pool.map(lambda _: ESTIMATORS[name](target, source), range(8))
    assert all(np.array_equal(flow, flows[0]) for flow in flows)


def test_the_registry_is_keyed_by_name():
    assert all(estimator.name == name for name, estimator in ESTIMATORS.items())
    assert make_estimator("dis-fast") == ESTIMATORS["dis-fast"]


def test_auto_is_raft_on_a_gpu_that_has_its_weights_and_fetches_none(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert [estimator_for("auto", None, device) for device in ("cpu", "cuda", "mps")] == ["dis"] * 3
    assert estimator_for("auto", tmp_path / "given.pth", "cuda") == "raft"
    assert estimator_for("auto", tmp_path / "given.pth", "cpu") == "dis"
    assert estimator_for("farneback", None, "cuda") == "farneback"
    cached = raft.published("raft").cached()
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert [estimator_for("auto", None, device) for device in ("cpu", "cuda")] == ["dis", "raft"]
    assert make_estimator("auto") == ESTIMATORS["dis"]


def test_what_cannot_be_made_is_told_in_one_line(monkeypatch, tmp_path):
    with pytest.raises(UsageError, match=r"--flow must be one of auto, dis, .*none, not 'psychic'"):
        make_estimator("psychic")
    with pytest.raises(
        UsageError, match="--flow-weights is for estimators that are learnt, such as raft, not dis"
    ):
        make_estimator("dis", tmp_path / "raft.pth")
    for name, module in (("deepflow", "optflow"), ("tvl1", "optflow"), ("epic", "ximgproc")):
        monkeypatch.delattr(cv2, module, raising=False)
        with pytest.raises(UsageError, match=f"no {module} module.*opencv-contrib-python.*--flow dis"):
            make_estimator(name)


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="must both be"):
        ESTIMATORS["dis"](texture(), texture(HEIGHT, WIDTH - 1))


def test_a_pair_warps_its_source_into_its_target():
    target, source = swirled()
    flow, weight = flow_between(frame(target, 7), frame(source, 6), ESTIMATORS["dis"])
    assert (flow.source, flow.target) == (6, 7)
    assert weight.shape == (1, HEIGHT, WIDTH) and weight.dtype == np.float32
    certain = torch.from_numpy(weight) == 1
    assert certain.float().mean() > 0.8
    painted = torch.from_numpy(source).float()
    difference = (warp(painted, torch.from_numpy(flow.vectors)) - torch.from_numpy(target)).abs()
    assert difference[:, certain[0]].mean() < 2


def test_a_pair_does_not_trust_what_the_source_hides():
    target, source = square()
    _, weight = flow_between(frame(target, 1), frame(source, 0), ESTIMATORS["dis"])
    assert weight[0, 44:76, 42:48].mean() < 0.1  # ground that the thing has left
    assert weight[0, 48:72, 58:82].mean() > 0.95  # the thing
    assert weight[0, 100:].mean() > 0.95  # ground far from it


def test_none_sees_no_motion() -> None:
    flow = ESTIMATORS["none"](texture(9, 12), texture(9, 12, seed=1))
    assert flow.shape == (2, 9, 12) and flow.dtype == np.float32 and not flow.any()
