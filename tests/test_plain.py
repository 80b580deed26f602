"""Plain files and plain JSON, and lines that do not steer a terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidstyle.plain import absolute, json_text, not_an_address, parse_json, plain_size, read_plain
from vidstyle.text import printable


def test_only_plain_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to("pipe")
    assert plain_size(tmp_path / "file") == plain_size(tmp_path / "link") == 5
    assert read_plain(tmp_path / "link", 5) == b"12345"
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "to_pipe", tmp_path / "loop", Path("/dev/zero")):
        with pytest.raises(OSError) as error:
            read_plain(path)
        assert error.value.strerror
    with pytest.raises(OSError, match="too large"):
        read_plain(tmp_path / "file", 4)


@pytest.mark.parametrize(
    "text",
    [b"NaN", b'{"a": [Infinity]}', b"-Infinity", b"[" * 100_000, b"[" * 200 + b"]" * 200, b"\xff", b""],
)
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_names_that_are_no_text_survive_json() -> None:
    value = {"name": os.fsdecode(b"\xff\xfe.mp4"), "other": "Grüße"}
    assert parse_json(json_text(value).encode()) == value
    assert "Grüße" in json_text({"a": "Grüße"})
    with pytest.raises(ValueError):
        json_text(float("nan"))


def test_lines_are_lines() -> None:
    assert printable("a\nb\r\nc") == "a b c"
    assert printable("\x1b[2J\x07 ü\t\udcff") == r"\x1b[2J\x07 ü\t\udcff"
    assert len(printable("x" * 10**6)) < 3000


def test_a_place_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    monkeypatch.chdir(tmp_path / "a")
    assert absolute(Path("x.png")) == tmp_path / "a" / "x.png"
    assert absolute(Path("../x.png")) == absolute(Path("b/../../x.png")) == tmp_path / "x.png"
    assert absolute(Path("../missing/../x.png")) == tmp_path / "x.png"
    assert absolute(Path("b/..")) == tmp_path / "a"
    assert absolute(Path("../link/../x.png")) == tmp_path / "a" / "x.png"
    assert absolute(Path("../link")) == tmp_path / "link"


@pytest.mark.parametrize("address", ["https://a.org/b.mp4", "rtsp://x/y", "s3://bucket/a%20b.mkv"])
def test_addresses_keep_their_slashes(address: str) -> None:
    for written in (address, Path(address)):
        with pytest.raises(ValueError, match=f"^{address} is an address, and nothing is read from the net"):
            not_an_address(written)


def test_addresses_of_files_lead_to_their_paths() -> None:
    for written in ("file:///tmp/a.mp4", Path("file:///tmp/a.mp4")):
        with pytest.raises(ValueError, match=r"^file:///tmp/a\.mp4 is an address, .*; give /tmp/a\.mp4$"):
            not_an_address(written)


@pytest.mark.parametrize("name", ["a.mp4", "C:/a.mp4", "concat:a.mp4", "http:a", "/http:/a", "x/https:/a"])
def test_names_that_only_look_like_addresses(name: str) -> None:
    not_an_address(name)
