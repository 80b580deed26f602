"""A job directory in which somebody has put other things: nothing hangs, nothing outside is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.job.directories import assert_one_line, everything_under, open_store
from vidstyle.errors import JobError, JobMismatch, VidstyleError
from vidstyle.job import JobStore


def job_with_a_frame(directory: Path) -> None:
    with open_store(directory) as store:
        store.save_frame(0, b"picture", b"carry")
        store.mark_shot(0)
        store.mark_time(0, 5)
        store.mark_end(1)
        store.mark_done(directory / "job.json")


@pytest.mark.parametrize("name", ["end", "done", "times/00000000", "vidstyle.lock", "shots/00000000"])
def test_a_pipe_in_place_of_a_mark_is_no_mark(directory: Path, name: str) -> None:
    job_with_a_frame(directory)
    (directory / name).unlink()
    os.mkfifo(directory / name)
    store = JobStore.load(directory)
    assert (store.end(), store.times()) == (None if name == "end" else 1, {} if name[0] == "t" else {0: 5})
    assert store.is_done(at_once=True) == (name != "done")
    assert store.running is None
    assert store.shot_starts() == [0]


@pytest.mark.parametrize("name", ["frames/00000000.png", "carry/00000000.safetensors"])
def test_a_pipe_in_place_of_what_is_stored_is_refused(directory: Path, name: str) -> None:
    job_with_a_frame(directory)
    (directory / name).unlink()
    os.mkfifo(directory / name)
    with open_store(directory) as store, pytest.raises(JobError, match="a pipe or a device") as error:
        (store.load_frame if name[0] == "f" else store.load_carry)(0)
    assert_one_line(error)


def test_a_pipe_in_place_of_job_json(directory: Path) -> None:
    job_with_a_frame(directory)
    (directory / "job.json").unlink()
    os.mkfifo(directory / "job.json")
    with pytest.raises(JobError, match="not a job directory"):
        JobStore.load(directory)
    with pytest.raises(JobError):
        open_store(directory, restart=True)
    assert (directory / "frames" / "00000000.png").exists()


def test_links_to_devices_in_place_of_marks(directory: Path) -> None:
    job_with_a_frame(directory)
    for name in ("end", "done", "times/00000000"):
        (directory / name).unlink()
        (directory / name).symlink_to("/dev/zero")
    store = JobStore.load(directory)
    assert (store.end(), store.times(), store.is_done()) == (None, {}, False)


@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("name", ["frames", "carry", "shots", "times", "frames-2", "carry-2"])
def test_a_link_in_place_of_a_folder_is_refused(
    directory: Path, tmp_path: Path, name: str, restart: bool
) -> None:
    job_with_a_frame(directory)
    outside = tmp_path / "outside"
    outside.mkdir()
    for each in ("00000000.png", "00000000", ".00000000.0123abcd.png", "00000000.safetensors"):
        (outside / each).write_bytes(b"precious")
    before = everything_under(outside)
    with open_store(directory) as store:
        store.of_pass(2).prepare()
    (directory / name).rename(tmp_path / "elsewhere")
    (directory / name).symlink_to(outside)
    with pytest.raises(JobError, match="should be a plain directory"):
        open_store(directory, restart=restart)
    assert everything_under(outside) == before


@pytest.mark.parametrize("name", ["job.json", "end", "done", "times/00000003", "vidstyle.lock"])
def test_a_link_laid_in_place_of_a_file_is_not_written_through(
    directory: Path, tmp_path: Path, name: str
) -> None:
    job_with_a_frame(directory)
    precious = tmp_path / "precious"
    precious.write_bytes((directory / name).read_bytes() if (directory / name).exists() else b"precious")
    before = precious.read_bytes()
    (directory / name).unlink(missing_ok=True)
    (directory / name).symlink_to(precious)
    for partial in (".job.0123abcd.json", ".end.0123abcd", ".done.0123abcd"):
        (directory / partial).symlink_to(precious)
    try:
        with open_store(directory, fingerprint={"method": "other"}, restart=True) as store:
            store.mark_end(7)
            store.mark_time(3, 9)
            store.mark_done(directory / "job.json")
    except VidstyleError as error:
        assert "\n" not in str(error)
    assert precious.read_bytes() == before


@pytest.mark.parametrize(
    "done",
    [
        {"files": {"/dev/zero": 0}},
        {"files": {"a\0b": 0}},
        {"files": {"x" * 5000: 0}},
        {"files": {"\ud800": 0}},
        {"files": {".": 4096}},
        {"files": []},
        {"output": 5},
        {"home": 5},
        {"made_with": None},
        {"sha256": None},
    ],
)
def test_a_done_mark_changed_by_hand_is_none(directory: Path, done: dict[str, Any]) -> None:
    job_with_a_frame(directory)
    record = json.loads((directory / "done").read_bytes()) | done
    (directory / "done").write_bytes(json.dumps(record).encode())
    store = JobStore.load(directory)
    assert not store.is_done({})
    store.done_output()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"output": 3}', b"\xff"])
def test_a_damaged_done_mark_is_none(directory: Path, content: bytes) -> None:
    job_with_a_frame(directory)
    (directory / "done").write_bytes(content)
    store = JobStore.load(directory)
    assert (store.is_done(), store.done_output()) == (False, None)


@pytest.mark.parametrize(
    "text", [b"-1", b"1.5", b"9" * 19, b"9" * 5000, b"\xffnine", b"\xd9\xa3", b"NaN", b""]
)
def test_an_end_that_is_no_number(directory: Path, text: bytes) -> None:
    job_with_a_frame(directory)
    (directory / "end").write_bytes(text)
    (directory / "times" / "00000000").write_bytes(b"x" + text)
    store = JobStore.load(directory)
    assert (store.end(), store.times()) == (None, {})
    assert store.painted() <= 1


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ('"a\\u0000b"', "damaged"),
        ('"\\ud800"', "damaged"),
        ("NaN", "NaN is no number"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_job_json_with_what_no_run_has_written(directory: Path, old: str, words: str) -> None:
    job_with_a_frame(directory)
    text = (directory / "job.json").read_text()
    (directory / "job.json").write_text(text.replace('"out.mp4"', old))
    for attempt in (lambda: JobStore.load(directory), lambda: open_store(directory)):
        with pytest.raises(JobError, match=words) as error:
            attempt()
        assert_one_line(error)


@pytest.mark.parametrize(
    "value", [None, False, -1, 10**30, "x" * 10**5, [], {}, {"name": 5, "digest": []}, [[1]]]
)
@pytest.mark.parametrize("key", ["method", "options", "style_weight"])
def test_a_fingerprint_with_any_other_value_is_another_job(directory: Path, key: str, value: Any) -> None:
    job_with_a_frame(directory)
    content = json.loads((directory / "job.json").read_bytes())
    holder = content["fingerprint"]["options"] if key == "style_weight" else content["fingerprint"]
    holder[key] = value
    (directory / "job.json").write_bytes(json.dumps(content).encode())
    with pytest.raises(JobMismatch) as error:
        open_store(directory)
    assert_one_line(error)
    assert len(str(error.value)) < 1000


def test_names_that_are_no_text(tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode(b"\xff\xfe.mp4.vidstyle")
    settings = {"output": str(directory)}
    with JobStore.open(directory, {"source": str(directory)}, settings) as store:
        store.mark_done(directory / "job.json")
    with JobStore.open(directory, {"source": str(directory)}, settings) as store:
        assert store.is_done()
        assert store.done_output() == directory / "job.json"
    assert JobStore.load(directory).settings == settings
