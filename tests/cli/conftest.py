"""A job that takes seconds: a tiny clip, a style picture and a thin network with random weights."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.running import Start
from vidstyle.cli import main


@pytest.fixture(autouse=True)
def each_alone(alone: None) -> None:
    """Every test in a directory of its own."""


@pytest.fixture
def start() -> Iterator[Start]:
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


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline that paints in milliseconds."""
    import fake_pipeline

    for name in fake_pipeline.MODULES:
        monkeypatch.setitem(sys.modules, name, fake_pipeline)


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


@pytest.fixture
def odd_files(tmp_path: Path, pictures: Path) -> Path:
    """The current directory, with clip/, style.png and files that are not what they seem."""
    (tmp_path / "clip").symlink_to(pictures / "clip")
    (tmp_path / "style.png").symlink_to(pictures / "style.png")
    (tmp_path / "text.mp4").write_text("this is no film\n" * 100)
    (tmp_path / "bare").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("precious")
    return tmp_path


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """refused(CODE, WORDS, ARGUMENT...): a command ends with this code and one line that has these words."""

    def run(code: int, words: str | list[str], *arguments: str) -> None:
        assert main(list(arguments)) == code
        out, err = capfd.readouterr()
        assert out == "" and err.startswith("vidstyle: ") and err.endswith("\n") and err[:-1].isprintable()
        for word in [words] if isinstance(words, str) else words:
            assert word in err

    return run


@pytest.fixture
def traps(tmp_path: Path, pictures: Path) -> Path:
    """The current directory, with clip/, still.png, style.png, and pipes under every suffix."""
    shutil.copytree(pictures / "clip", tmp_path / "clip")
    shutil.copy(pictures / "clip" / "0.png", tmp_path / "still.png")
    shutil.copy(pictures / "style.png", tmp_path / "style.png")
    os.mkfifo(tmp_path / "pipe")
    for suffix in (".png", ".mp4", ".csv", ".safetensors", ".flo"):
        (tmp_path / f"pipe{suffix}").symlink_to("pipe")
    return tmp_path


@pytest.fixture
def tried(
    traps: Path, thin_weights: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """tried(WORDS...) runs a command line among `traps`: (exit code, stderr). A failure is one line."""

    def run(*words: str) -> tuple[int, str]:
        own = "--features" in words or words[0] in ("flow", "resume", "status")
        more = [] if own else ["--features", str(thin_weights)]
        if words[0] in ("style", "dfi"):
            more += ["--device", "cpu", "--precision", "float32", "--steps", "1", "--next-steps", "1"]
        if words[0] not in ("features", "status"):
            more.append("--quiet")
        code = main([words[0], *more, *words[1:]])
        _, err = capfd.readouterr()
        if code:
            assert err.startswith("vidstyle: ") and err.endswith("\n") and err[:-1].isprintable()
            assert len(err) < 3000
        else:
            assert err == ""
        return code, err

    return run
