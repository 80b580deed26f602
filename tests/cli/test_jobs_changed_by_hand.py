"""Jobs that somebody has changed: gone on with, or refused in a line, and nothing else is touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vidstyle.cli import main

Tried = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, pictures: Path, thin_weights: Path) -> Path:
    """A job of two frames with one painted, in a folder with all that it needs."""
    folder = tmp_path_factory.mktemp("begun")
    shutil.copytree(pictures / "clip", folder / "clip")
    shutil.copy(pictures / "style.png", folder / "style.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["style", "clip", "style.png", "-o", "out", "--frames=:2", "--steps=1", "--next-steps=1"]
        more = ["--quiet", "--keep", f"--features={thin_weights}", "--device=cpu", "--precision=float32"]
        assert main([*words, *more]) == 0
    shutil.rmtree(folder / "out")
    (folder / "out.vidstyle" / "done").unlink()
    (folder / "out.vidstyle" / "frames" / "00000001.png").unlink()
    return folder


ODD: list[Any] = [
    *(None, True, -1, 10**30, 1e308, "", "x" * 10**5),
    *("/dev/zero", "..", "\x1b[2J", [], [[]], {}, {"a": 1}),
]


@pytest.mark.parametrize("place", ["fingerprint", "settings", "run", "options", "encode"])
def test_every_field_of_job_json_wrong_in_turn(
    begun: Path, tmp_path: Path, tried: Tried, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "job"
    shutil.copytree(begun, folder)
    monkeypatch.chdir(folder)
    path = folder / "out.vidstyle" / "job.json"
    content = json.loads(path.read_bytes())
    holder = content[place] if place in content else content["settings"][place]
    outside = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if "out" not in p.parts[len(folder.parts)]}
    # What is sound, or merely another way to write the same job, is gone on with only once, below.
    monkeypatch.setattr("vidstyle.pipeline.execute", lambda plan, hooks: (plan.fingerprint, plan.output)[1])
    for number, (name, value) in enumerate(list(holder.items())):
        for odd in ODD[number % 7 :: 7]:
            holder[name] = odd
            path.write_bytes(json.dumps(content).encode())
            assert tried("resume", "out.vidstyle")[0] in (0, 1, 2)
            assert tried("status", "out.vidstyle")[0] in (0, 1)
        holder[name] = value
    path.write_bytes(json.dumps(content).encode())
    assert tried("resume", "out")[0] == 0
    assert {p: p.stat().st_mtime_ns for p in outside} == outside
    assert {p.name for p in folder.iterdir()} == {"clip", "style.png", "out.vidstyle"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_job_that_somebody_sent_replaces_nothing(
    begun: Path, tmp_path: Path, tried: Tried, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "job"
    shutil.copytree(begun, folder)
    monkeypatch.chdir(folder)
    path = folder / "out.vidstyle" / "job.json"
    content = json.loads(path.read_bytes())
    content["settings"].update(output=str(folder / "film.png"))
    content["settings"]["run"].update(overwrite=overwrite, frames=":1")
    path.write_bytes(json.dumps(content).encode())
    (folder / "film.png").write_bytes(b"precious")
    for _ in range(2):
        code, line = tried("resume", "out.vidstyle")
        assert code == 1 and "film.png exists, and nothing shows that the job in out.vidstyle has" in line
    assert (folder / "film.png").read_bytes() == b"precious"
    assert tried("status", "out.vidstyle")[0] == 0


@pytest.mark.parametrize("end", [b"999999999999", b"1", b"0"])
@pytest.mark.parametrize("shots", [[], ["00000005"], ["00000000", "00000009"]])
def test_marks_that_contradict_each_other(
    begun: Path, tmp_path: Path, tried: Tried, end: bytes, shots: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "job"
    shutil.copytree(begun, folder)
    monkeypatch.chdir(folder)
    (folder / "out.vidstyle" / "end").write_bytes(end)
    (folder / "out.vidstyle" / "shots" / "00000000").unlink()
    for name in shots:
        (folder / "out.vidstyle" / "shots" / name).touch()
    assert tried("status", "out")[0] == 0
    code, _ = tried("resume", "out")
    assert code in (0, 1)
    assert (folder / "out").exists() == (code == 0)


def test_a_job_directory_that_leads_to_other_files(traps: Path, tried: Tried) -> None:
    (traps / "mine").mkdir()
    (traps / "mine" / "00000000.png").write_bytes(b"precious")
    (traps / "o.png.vidstyle").symlink_to("mine")
    assert tried("style", "still.png", "style.png", "-o", "o.png")[0] == 1
    assert tried("style", "still.png", "style.png", "-o", "o.png", "--restart")[0] == 1
    assert [path.name for path in (traps / "mine").iterdir()] == ["00000000.png"]
