from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vidstyle.errors import InputError, JobBusy, UsageError
from vidstyle.options.studio import StudioOptions
from vidstyle.studio.workspace import Workspace, safe_name


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "unnamed"),
        ("", "unnamed"),
        (".hidden", "hidden"),
        ("a\nb;rm -rf $(x).png", "a_b_rm -rf _(x).png"),
        ("-o.mp4", "o.mp4"),
        ("con.png", "_con.png"),
        ("ein Bär.png", "ein Bär.png"),
        ("x" * 300 + ".mp4", "x" * 80 + ".mp4"),
    ],
)
def test_names_of_uploads_cannot_lead_anywhere(given: str, made: str) -> None:
    assert safe_name(given) == made


@pytest.mark.parametrize("path", ["../other", "/etc/passwd", "clips/../../x", "link", "link/x"])
def test_what_lies_elsewhere_is_refused(workspace: Any, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").mkdir()
    (workspace.root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="does not lie in the workspace"):
        workspace.inside(path)


def test_what_lies_within_is_found(workspace: Any) -> None:
    assert workspace.inside("clips/valley.mp4") == workspace.root / "clips" / "valley.mp4"


def test_a_file_is_taken_once_and_none_replaces_another(workspace: Any, tmp_path: Path) -> None:
    first, other = tmp_path / "a.png", tmp_path / "b" / "a.png"
    other.parent.mkdir()
    first.write_bytes(b"one")
    other.write_bytes(b"two")
    places = [workspace.take("files", path) for path in (first, first, other)]
    assert [place.name for place in places] == ["a.png", "a.png", "a-2.png"]
    assert [place.read_bytes() for place in places] == [b"one", b"one", b"two"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(StudioOptions(workspace=str(tmp_path / "w"), most_megabytes=1))
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(1_000_001)
    with pytest.raises(InputError, match=r"large\.mp4 has 1 MB, and the studio takes 1 MB at most"):
        workspace.take("clips", large)
    assert not list(workspace.folder("clips").iterdir())


def test_a_folder_is_taken_as_a_set_of_its_own(workspace: Any, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.png" for name in "ab"]
    for path in paths:
        path.write_bytes(path.name.encode())
    first, second = (workspace.take_set(paths, "faces") for _ in range(2))
    assert (first.name, second.name) == ("faces", "faces-2")
    assert sorted(path.name for path in second.iterdir()) == ["a.png", "b.png"]


def test_two_studios_never_work_in_one_workspace(workspace: Any) -> None:
    with workspace.lock(), pytest.raises(JobBusy, match="--workspace"):
        workspace.lock()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"host": "0.0.0.0"}, "--host 0.0.0.0 lets others in; give --password"),
        ({"host": "192.168.1.7"}, "give --password"),
        ({"host": "0.0.0.0", "password": "short"}, "--password takes at least 8 characters"),
        ({"port": 0}, "--port must be at least 1"),
    ],
)
def test_nobody_else_is_let_in_by_mistake(settings: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        StudioOptions(**settings)


def test_this_machine_needs_no_password_and_others_may_have_one() -> None:
    assert StudioOptions(host="localhost").is_local
    assert not StudioOptions(host="0.0.0.0", password="long enough").is_local
