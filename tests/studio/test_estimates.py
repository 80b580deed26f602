from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.studio.test_requests import FORMS, _asked
from vidstyle.methods.registry import METHODS, command, method
from vidstyle.studio.estimates import ways
from vidstyle.studio.frames import Frames
from vidstyle.studio.looks import small
from vidstyle.video.reader import open_clip


@pytest.fixture
def clip(samples: Path) -> Any:
    """As if the sample were ten seconds of a camera."""
    found = open_clip(samples / "valley.mp4")
    found.width, found.height, found.frame_count = 1920, 1080, 250
    return found


def test_every_way_has_its_time_and_better_ones_take_longer(workspace: Any, clip: Any) -> None:
    found = {way.name: way for way in ways(_asked(workspace, FORMS["style"]), clip, 5.0)}
    assert list(found) == ["fast", "draft", "standard", "high"]
    assert found["draft"].seconds < found["standard"].seconds < found["high"].seconds
    assert (found["draft"].size, found["standard"].size, found["high"].size) == (480, 960, 1920)
    assert [way.name for way in found.values() if way.chosen] == ["standard"]
    assert 300 < found["fast"].seconds < found["standard"].seconds


def test_half_the_frames_take_half_the_time(workspace: Any, clip: Any) -> None:
    whole, half = (
        ways(_asked(workspace, FORMS["style"], frames=frames), clip, 5.0)[2].seconds
        for frames in ("", ":125")
    )
    assert half < 0.6 * whole


def test_a_look_is_quick_and_has_one_way(workspace: Any, clip: Any) -> None:
    (way,) = ways(_asked(workspace, FORMS["style"], look="strokes"), clip, 0.5)
    assert way.seconds < 300


@pytest.mark.parametrize("name", list(FORMS))
def test_every_form_has_a_look_and_a_time(workspace: Any, clip: Any, name: str) -> None:
    asked = _asked(workspace, FORMS[name])
    assert small(asked, workspace.root / "frame.png").arguments("look.png")[0] == name
    assert all(way.seconds > 0 for way in ways(asked, clip if asked.source else None, 5.0))


@pytest.mark.parametrize("name", [name for name in METHODS if name != "dfi"])
def test_work_grows_with_the_picture(name: str) -> None:
    options = command(name).options()
    small, large = (method(name).work(options, 64 * n, 48 * n) for n in (1, 4))
    assert large.first >= 8 * small.first
    assert large.later >= 8 * small.later
    assert small.of(10) == pytest.approx(small.first + 9 * small.later)


def test_frames_of_a_clip_are_found_in_any_order(samples: Path) -> None:
    frames = Frames()
    path = samples / "valley.mp4"
    assert frames.shown(path).frames == 75
    ordered = [frames.picture(path, index) for index in (0, 1, 40, 3, 74, 500)]
    assert ordered[4].tobytes() == ordered[5].tobytes()  # beyond the end: the last one
    anew = Frames().picture(path, 3)
    assert ordered[3].tobytes() == anew.tobytes()
    assert frames.picture(path, 2, 100).size == (100, 56)
    assert isinstance(anew, Image.Image)
