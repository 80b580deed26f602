"""The command: a file as the camera, a window that is none, and what is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from tests.live.small import FakeClock, FakeWindow, pan, write_untaught
from tests.video.clip_makers import make_video, write_image
from vidstyle.cli import main
from vidstyle.events import Hooks
from vidstyle.live import live as module
from vidstyle.live.live import live
from vidstyle.options.live import LiveOptions
from vidstyle.video import camera
from vidstyle.video.reader import open_clip

SIZE = (128, 96)
COUNT = 20


@pytest.fixture(autouse=True)
def each_alone(alone: None) -> None:
    """Every test in a directory of its own."""


@pytest.fixture
def looks() -> tuple[str, ...]:
    return tuple(str(write_untaught(Path(f"{name}.safetensors"), seed)) for seed, name in enumerate("ab"))


@pytest.fixture
def clip(looks: tuple[str, ...]) -> Path:
    return make_video(Path("clip.mp4"), size=SIZE, pictures=pan(COUNT), pts=[*range(COUNT)], audio=("aac",))


def times(path: Path) -> list[float]:
    return [float(frame.pts_seconds) for frame in open_clip(path).frames()]


def test_every_frame_is_painted_into_a_file(clip: Path) -> None:
    asked = ["live", str(clip), "--look", "a.safetensors", "--no-window", "-q", "-o"]
    assert main([*asked, "out.mp4"]) == 0
    result = open_clip("out.mp4")
    assert (result.width, result.height) == SIZE and times(Path("out.mp4")) == times(clip)
    assert [each.kind for each in result.streams] == ["audio"]
    pictures = [frame.pixels for frame in result.frames()]
    assert np.abs(pictures[0].astype(int) - next(iter(open_clip(clip).frames())).pixels).mean() > 5
    assert main([*asked, "again.mp4"]) == 0
    assert Path("again.mp4").read_bytes() == Path("out.mp4").read_bytes()
    assert main([*asked, "small.webm", "--size", "64"]) == 0
    small = open_clip("small.webm")
    assert (small.width, small.height) == (64, 48) and len(times(Path("small.webm"))) == COUNT


def test_pictures_are_a_source_too(looks: tuple[str, ...]) -> None:
    Path("in").mkdir()
    for k, frame in enumerate(pan(3)):
        write_image(Path(f"in/{k:02d}.png"), frame)
    assert main(["live", "in", "--look", "b.safetensors", "--size", "64", "--no-window", "-o", "out"]) == 0
    assert [path.name for path in sorted(Path("out").iterdir())] == [f"00000{k}.png" for k in range(3)]
    assert open_clip("out").width == 64


def test_what_is_shown_and_what_is_written_differ_by_the_letters_alone(
    clip: Path, looks: tuple[str, ...]
) -> None:
    window = FakeWindow()
    live(str(clip), Path("shown.mkv"), options=LiveOptions(look=looks), window=window, clock=FakeClock())
    live(str(clip), Path("unshown.mkv"), options=LiveOptions(look=looks, window=False))
    assert Path("shown.mkv").read_bytes() == Path("unshown.mkv").read_bytes()
    assert len(window.shown) == COUNT and window.closed
    written = next(iter(open_clip("shown.mkv").frames())).pixels.transpose(1, 2, 0)
    off = np.abs(written.astype(int) - window.shown[0]).max(2) > 60
    assert off[:24].sum() > 100 and not off[40:].any()


def test_a_slow_window_drops_frames(clip: Path, looks: tuple[str, ...]) -> None:
    clock = FakeClock()
    window = FakeWindow(clock=clock, seconds=0.2)
    live(str(clip), Path("out.mkv"), options=LiveOptions(look=looks), window=window, clock=clock)
    assert 3 < len(window.shown) < COUNT - 3
    assert len(times(Path("out.mkv"))) == len(window.shown)


def test_keys_change_the_look_and_end_it(
    clip: Path, looks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(module, "lettered", lambda picture, line: lines.append(line) or picture)
    window = FakeWindow({2: "n", 4: "n", 6: "p", 7: "x", 8: "q"})
    live(str(clip), Path("out.mp4"), options=LiveOptions(look=looks), window=window, clock=FakeClock())
    assert [line.split(":")[0] for line in lines] == ["a", "a", "b", "b", "a", "a", "b", "b"]
    assert lines[0] == "a: 0.0 frames/s"
    assert window.closed and len(times(Path("out.mp4"))) == 8
    sound = open_clip("out.mp4")
    assert [each.kind for each in sound.streams] == ["audio"] and float(sound.duration_seconds or 0) < 0.5


def test_another_look_is_seen_in_what_is_painted(clip: Path, looks: tuple[str, ...]) -> None:
    def last(keys: dict[int, str]) -> np.ndarray:
        window = FakeWindow(keys)
        live(str(clip), options=LiveOptions(look=looks), window=window, clock=FakeClock())
        return window.shown[-1][40:].astype(int)

    assert np.abs(last({}) - last({1: "n"})).mean() > 5
    assert np.abs(last({}) - last({1: "n", 2: "n"})).mean() < 2


def test_stopped_it_leaves_a_whole_file(clip: Path, looks: tuple[str, ...]) -> None:
    stop, done = threading.Event(), []

    def progress(event: object) -> None:
        done.append(event)
        if len(done) == 5:
            stop.set()

    hooks = Hooks(progress=progress, stop=stop)
    assert live(str(clip), Path("out.mp4"), options=LiveOptions(look=looks, window=False), hooks=hooks)
    assert len(times(Path("out.mp4"))) == 5
    assert sorted(path.name for path in Path().iterdir() if path.suffix == ".mp4") == ["clip.mp4", "out.mp4"]


def test_a_camera_is_painted(looks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    pretended = camera._System("lavfi", "testsrc=size=64x48:rate=25:duration=1", {})
    monkeypatch.setattr(camera, "_SYSTEMS", {})
    monkeypatch.setattr(camera, "_OTHERS", pretended)
    window = FakeWindow()
    live("camera", Path("out.mp4"), options=LiveOptions(look=looks, size=32), window=window)
    result = open_clip("out.mp4")
    assert (result.width, result.height) == (32, 24) and result.streams == ()
    assert len(times(Path("out.mp4"))) == len(window.shown) >= 1


def test_what_a_camera_has_shown_is_kept_when_it_goes(
    looks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "_SYSTEMS", {})
    monkeypatch.setattr(camera, "_OTHERS", camera._System("lavfi", "testsrc=size=64x48:duration=1", {}))
    whole, told = camera.Camera._decoded, list[str]()

    def unplugged(self: camera.Camera) -> Iterator[object]:
        yield from islice(whole(self), 3)
        raise av.OSError(5, "Input/output error")

    monkeypatch.setattr(camera.Camera, "_decoded", unplugged)
    live("0", Path("out.mp4"), options=LiveOptions(look=looks, window=False), hooks=Hooks(notice=told.append))
    assert 1 <= len(times(Path("out.mp4"))) <= 3
    assert told == [
        "the camera testsrc=size=64x48:duration=1 has gone (input/output error); what it had shown is kept"
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["camera:7", "--no-window", "-o", "o.mp4"], 1, "no camera can be opened as"),
        (["/dev/video97", "--no-window", "-o", "o.mp4"], 1, "a file will do"),
        (["none.mp4", "--no-window", "-o", "o.mp4"], 1, "none.mp4"),
        (["clip.mp4", "--no-window"], 2, "give a file to paint into, -o FILE"),
        (["clip.mp4", "--look", "none", "--no-window", "-o", "o.mp4"], 1, "none: no such look"),
        (["clip.mp4", "--look", "clip.mp4", "--no-window", "-o", "o.mp4"], 1, "clip.mp4 is no look"),
        (["clip.mp4", "--no-window", "-o", "clip.mp4", "--overwrite"], 2, "clip.mp4 is read by this run"),
        (["clip.mp4", "--no-window", "-o", "a.safetensors"], 2, "a.safetensors is read by this run"),
        (["clip.mp4", "--no-window", "-o", "there.mp4"], 1, "there.mp4 exists"),
        (["clip.mp4", "--no-window", "-o", "o.xyz"], 2, "o.xyz has an unknown suffix"),
        (["clip.mp4", "--size", "1"], 2, "--size must be at least 16"),
        (["clip.mp4"], 2, "--no-window -o FILE"),
    ],
)
def test_bad_input_is_named_in_one_line(
    arguments: list[str],
    code: int,
    words: str,
    clip: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "none-such")  # ends whoever asks for a window
    Path("there.mp4").write_bytes(b"mine")
    before = clip.read_bytes()
    look = [] if "--look" in arguments else ["--look", "a.safetensors"]
    assert main(["live", *arguments, *look]) == code
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1
    assert clip.read_bytes() == before and Path("there.mp4").read_bytes() == b"mine"
    assert not Path("o.mp4").exists()


def test_without_looks_of_its_own_one_has_to_be_given(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHIPPED", {})
    assert main(["live", str(clip), "--no-window", "-o", "o.mp4"]) == 2
    assert "--look LOOK" in capsys.readouterr().err
