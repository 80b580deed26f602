"""Clips that follow their key frames, from end to end: what every frame should look like is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import vidstyle
from tests.pipeline.painting import StopAfter, stopped
from vidstyle.events import Progress
from vidstyle.job import JobStore
from vidstyle.pipeline import resume
from vidstyle.video.pictures import read_picture, write_picture

SIZE, STEP, COUNT = (60, 80), 3, 7
Painting = dict[int, np.ndarray]


@pytest.fixture(autouse=True)
def each_alone(alone: None) -> None:
    """Every test in a directory of its own."""


def texture(seed: int) -> np.ndarray:
    """Smooth noise that a window can move over, uint8 (3, H, W)."""
    rough = np.random.default_rng(seed).random((SIZE[0], SIZE[1] + STEP * 2 * COUNT, 3))
    smooth = cv2.GaussianBlur(rough, (0, 0), 2)
    spread = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.ascontiguousarray((255 * spread).astype(np.uint8).transpose(2, 0, 1))


def seen(world: np.ndarray, index: int) -> np.ndarray:
    """Frame `index` of a window that moves over it."""
    return np.ascontiguousarray(world[:, :, STEP * index :][:, :, : SIZE[1]])


def folder(path: Path, frames: list[np.ndarray]) -> Path:
    path.mkdir()
    for index, pixels in enumerate(frames):
        write_picture(path / f"{index:04d}.png", pixels)
    return path


@pytest.fixture
def world() -> np.ndarray:
    return texture(1)


@pytest.fixture
def clip(tmp_path: Path, world: np.ndarray) -> Path:
    return folder(tmp_path / "clip", [seen(world, index) for index in range(COUNT)])


def painting(world: np.ndarray, ink: tuple[int, int, int] = (200, 40, 90)) -> np.ndarray:
    """The world painted: inverted, and with a pattern that the film does not show."""
    rows, columns = np.mgrid[: world.shape[1], : world.shape[2]]
    pattern = ((rows // 6 + columns // 6) % 2)[None] * np.array(ink)[:, None, None] // 3
    return np.clip(255 - world // 2 - pattern, 0, 255).astype(np.uint8)


def keyed(tmp_path: Path, painted: np.ndarray, *indices: int, name: str = "key") -> list[str]:
    """Key frames of a painted world, as --key has them."""
    paths = []
    for index in indices:
        write_picture(tmp_path / f"{name}{index}.png", seen(painted, index))
        paths.append(f"{index}={tmp_path / f'{name}{index}.png'}")
    return paths


class Run:
    """keys(OUT, SETTING=VALUE...) with a thin network; notes what was told and which frames were painted."""

    def __init__(self, clip: Path, weights: Path) -> None:
        self.clip, self.weights = clip, weights
        self.told: list[str] = []
        self.painted: list[tuple[int, int]] = []

    def __call__(self, out: str, **settings: Any) -> Painting:
        self.told, self.painted = [], []
        given = {"features": str(self.weights), "notice": self.told.append, "progress": self.saw} | settings
        vidstyle.paint("keys", self.clip, [], Path(out), **given)
        return frames_of(Path(out))

    def saw(self, event: Progress) -> None:
        if event.phase == "paint":
            self.painted.append((event.pass_number, event.frame))


def frames_of(out: Path) -> Painting:
    return {int(path.stem): read_picture(path)[0] for path in sorted(out.iterdir())}


@pytest.fixture
def keys(clip: Path, thin_weights: Path) -> Run:
    return Run(clip, thin_weights)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of pixels, in levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("key", [0, 3, 6])
def test_from_one_key_frame_the_clip_follows(keys: Run, tmp_path: Path, world: np.ndarray, key: int) -> None:
    painted = painting(world)
    found = keys("out", key=keyed(tmp_path, painted, key))
    assert np.array_equal(found[key], seen(painted, key))
    for index, frame in found.items():
        # Of what the key frame shows; the rest can only be guessed.
        shift = STEP * (key - index)
        columns = slice(max(0, shift) + 4, SIZE[1] + min(0, shift) - 4)
        there = frame[:, :, columns], seen(painted, index)[:, :, columns]
        assert distance(*there) < 4 + abs(index - key), index
        assert distance(frame, seen(world, index)) > 40  # it is painted all over


def test_two_key_frames_come_out_as_they_are_and_what_is_between_goes_over(
    keys: Run, tmp_path: Path, world: np.ndarray
) -> None:
    one, other = painting(world), painting(world, (20, 160, 250))
    found = keys("out", key=[*keyed(tmp_path, one, 0), *keyed(tmp_path, other, 6, name="other")])
    assert np.array_equal(found[0], seen(one, 0)) and np.array_equal(found[6], seen(other, 6))
    middle = slice(22, SIZE[1] - 22)  # which both key frames show
    shares = []
    for index, frame in found.items():
        here, first, last = (
            x[:, :, middle].astype(float) for x in (frame, seen(one, index), seen(other, index))
        )
        shares.append(float(((here - first) * (last - first)).sum() / np.square(last - first).sum()))
    assert np.abs(np.array(shares) - np.linspace(0, 1, COUNT)).max() < 0.2, shares
    assert (np.diff(shares) > 0).all(), shares


def test_a_key_frame_painted_again_changes_what_depends_on_it_alone(
    keys: Run, tmp_path: Path, world: np.ndarray
) -> None:
    given = keyed(tmp_path, painting(world), 0, 2, 4)
    before = keys("out", key=given, keep=True)
    again = painting(world, (20, 160, 250))
    write_picture(tmp_path / "key4.png", seen(again, 4))
    after = keys("out", key=given, keep=True)
    assert sorted(keys.painted) == [(1, 4), (1, 5), (1, 6), (2, 3), (2, 4), (2, 5), (2, 6)]
    assert any("painted anew" in line for line in keys.told)
    assert all(np.array_equal(before[index], after[index]) for index in (0, 1, 2))
    assert np.array_equal(after[4], seen(again, 4))
    assert all(np.array_equal(one, other) for one, other in zip(
        after.values(), keys("fresh", key=given).values(), strict=True
    ))  # fmt: skip
    keys("out", key=[*given, *keyed(tmp_path, again, 5)], keep=True)
    assert sorted(keys.painted) == [(1, 5), (1, 6), (2, 5), (2, 6)]
    keys("out", key=given[:1], keep=True)
    assert {frame for _, frame in keys.painted} == {2, 3, 4, 5, 6}


def test_stopped_and_gone_on_with_it_is_the_same(keys: Run, tmp_path: Path, world: np.ndarray) -> None:
    given = keyed(tmp_path, painting(world), 1, 5)
    whole = keys("whole", key=given)
    for count in (2, 6, 3):
        hook = StopAfter(count)
        paint = lambda out, **settings: vidstyle.paint("keys", keys.clip, [], Path(out), **settings)  # noqa: E731
        stopped(paint, hook, "parts", key=given, features=str(keys.weights))
    resume(Path("parts.vidstyle"))
    for index, frame in frames_of(Path("parts")).items():
        assert np.array_equal(frame, whole[index]), index
    assert JobStore.load(Path("parts.vidstyle")).is_done()


def test_a_shot_without_a_key_frame_is_named(tmp_path: Path, world: np.ndarray, thin_weights: Path) -> None:
    other = 255 - texture(2)
    frames = [seen(world, index) for index in range(3)] + [seen(other, index) for index in range(3)]
    keys = Run(folder(tmp_path / "film", frames), thin_weights)
    for key in (0, 3):
        given = f"{key}={tmp_path / 'k.png'}"
        write_picture(tmp_path / "k.png", painting(frames[key]))
        bare = [index for index in range(6) if (index < 3) != (key < 3)]
        left = keys(f"left{key}", key=given, cut=3)
        assert all(np.array_equal(left[index], frames[index]) for index in bare)
        assert [line for line in keys.told if f"begins at frame {bare[0]}" in line]
        near = keys(f"near{key}", key=given, cut=3, missing="nearest")
        assert all(distance(near[index], frames[index]) > 20 for index in bare)


def test_a_draft_is_a_quarter_of_the_size(
    tmp_path: Path, thin_weights: Path, world: np.ndarray, clip: Path
) -> None:
    keys = Run(clip, thin_weights)
    found = keys("out", key=keyed(tmp_path, painting(world), 0), quality="draft")
    assert found[0].shape == (3, SIZE[0] // 4, SIZE[1] // 4)


def test_behind_a_flash_the_clip_still_follows(tmp_path: Path, world: np.ndarray, thin_weights: Path) -> None:
    frames = [seen(world, index) for index in range(COUNT)]
    frames[3] = np.full_like(frames[3], 255)
    keys = Run(folder(tmp_path / "film", frames), thin_weights)
    painted = painting(world)
    for index, frame in keys("out", key=keyed(tmp_path, painted, 0), cuts=False).items():
        if index != 3:
            inner = slice(4, SIZE[1] - STEP * index - 4)
            assert distance(frame[:, :, inner], seen(painted, index)[:, :, inner]) < 14, index


def test_only_what_the_mask_shows_is_painted_wherever_it_moves(
    keys: Run, tmp_path: Path, world: np.ndarray
) -> None:
    painted, mask = painting(world), np.zeros((3, *world.shape[1:]), np.uint8)
    mask[:, :, :40] = 255
    masks = keyed(tmp_path, mask, 0, name="mask")
    found = keys("out", key=keyed(tmp_path, painted, 0), key_mask=masks)
    for index, frame in found.items():
        edge, new = 40 - STEP * index, SIZE[1] - STEP * index
        beside = slice(edge + 6, new - 4)
        assert np.array_equal(frame[:, :, beside], seen(world, index)[:, :, beside])
        assert distance(frame[:, :, : edge - 6], seen(painted, index)[:, :, : edge - 6]) < 6


def test_what_is_transparent_in_a_key_frame_stays_as_it_was_filmed(
    keys: Run, tmp_path: Path, world: np.ndarray
) -> None:
    alpha = np.zeros((1, *SIZE), np.uint8)
    alpha[:, :, :40] = 255
    write_picture(tmp_path / "key.png", seen(painting(world), 0), alpha)
    found = keys("out", key=f"0={tmp_path / 'key.png'}")
    assert np.array_equal(found[0][:, :, 42:], seen(world, 0)[:, :, 42:])
    assert distance(found[3][:, :, :25], seen(world, 3)[:, :, :25]) > 40


def test_colour_alone_leaves_the_light_as_it_is(
    tmp_path: Path, world: np.ndarray, thin_weights: Path
) -> None:
    grey = np.repeat(world.mean(axis=0, keepdims=True).astype(np.uint8), 3, axis=0)
    keys = Run(folder(tmp_path / "grey", [seen(grey, index) for index in range(4)]), thin_weights)
    tint = np.array([40, 0, -50])[:, None, None] * (grey > 128)
    coloured = np.clip(grey + tint, 0, 255).astype(np.uint8)
    found = keys("out", key=keyed(tmp_path, coloured, 0), color_only=True)
    luma = np.array([0.299, 0.587, 0.114])
    for index, frame in found.items():
        light = np.tensordot(luma, frame.astype(float), 1)
        assert np.abs(light - seen(grey, index)[0]).mean() < 1.5
        red = (frame[0].astype(int) - frame[2])[seen(grey, index)[0] > 150]
        assert red.mean() > 40
