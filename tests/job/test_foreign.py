"""Directories that are no job, or a damaged one: refused in a line, and nothing outside is touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.job.directories import assert_one_line, everything_under, open_store
from vidstyle.errors import JobError
from vidstyle.job import FORMAT, JobStore, job_named


class TestForeignDirectories:
    @pytest.mark.parametrize("name", ["holiday.jpg", "frames/00000001.png", "done"])
    @pytest.mark.parametrize("restart", [False, True])
    def test_a_directory_with_other_files_is_refused_untouched(
        self, directory: Path, name: str, restart: bool
    ) -> None:
        (directory / name).parent.mkdir(parents=True)
        (directory / name).write_bytes(b"precious")
        with pytest.raises(JobError, match="is not empty and not a job directory") as error:
            open_store(directory, restart=restart)
        assert_one_line(error)
        assert everything_under(directory) == {name: b"precious"}

    def test_a_file_is_refused(self, directory: Path) -> None:
        directory.write_bytes(b"precious")
        with pytest.raises(JobError, match="is not a directory"):
            open_store(directory)
        assert directory.read_bytes() == b"precious"

    def test_an_empty_directory_is_taken(self, directory: Path) -> None:
        directory.mkdir()
        open_store(directory).close()

    def test_a_link_laid_while_running_is_not_followed(self, directory: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "00000000.png").write_bytes(b"precious")
        with open_store(directory) as store:
            (directory / "frames").rmdir()
            (directory / "frames").symlink_to(outside)
            with pytest.raises(JobError, match="plain directory"):
                store.drop_frames()
        assert everything_under(outside) == {"00000000.png": b"precious"}

    def test_a_linked_frame_is_unlinked_not_its_target(self, directory: Path, tmp_path: Path) -> None:
        precious = tmp_path / "precious.png"
        precious.write_bytes(b"precious")
        with open_store(directory) as store:
            store.frame_path(0).symlink_to(precious)
            store.save_frame(0, b"new")
            store.drop_frames()
        assert precious.read_bytes() == b"precious"


class TestJobJson:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "is damaged"),
            (b'{"format": 1, "fing', "is damaged"),
            (b"\xff\xfe", "is damaged"),
            (b"[]", "was not written by vidstyle"),
            (b'{"name": "some node package"}', "was not written by vidstyle"),
            (b'{"format": true}', "was not written by vidstyle"),
            (f'{{"format": {FORMAT}, "fingerprint": {{}}}}'.encode(), 'no "settings"'),
            (f'{{"format": {FORMAT}, "fingerprint": [], "settings": {{}}}}'.encode(), 'no "fingerprint"'),
            (json.dumps({"format": FORMAT + 1}).encode(), "was written by another version of vidstyle"),
            (json.dumps({"format": FORMAT - 1}).encode(), "was written by another version of vidstyle"),
        ],
    )
    def test_a_damaged_one_is_refused_and_nothing_deleted(
        self, directory: Path, content: bytes, words: str
    ) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x")
        (directory / "job.json").write_bytes(content)
        attempts: list[Callable[[], JobStore]] = [
            lambda: JobStore.load(directory),
            lambda: open_store(directory),
            lambda: open_store(directory, restart=True),
        ]
        for attempt in attempts:
            with pytest.raises(JobError, match=words) as error:
                attempt()
            assert_one_line(error)
            assert str(directory) in str(error.value)
        assert (directory / "frames" / "00000000.png").exists()

    def test_a_missing_one(self, directory: Path, tmp_path: Path) -> None:
        with pytest.raises(JobError, match=r"is not a job directory$"):
            JobStore.load(directory)
        directory.mkdir()
        with pytest.raises(JobError, match=r"\(it has no job\.json\)$"):
            JobStore.load(directory)

    def test_the_output_names_its_job(self, directory: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.mp4"
        assert job_named(output) == output
        open_store(directory).close()
        assert job_named(output) == job_named(directory) == directory
        assert job_named(Path("/")) == Path("/")


class TestOfAnotherMachine:
    def test_a_copy_is_told_from_the_directory_itself(self, directory: Path, tmp_path: Path) -> None:
        open_store(directory).close()
        moved, copied = tmp_path / "moved", tmp_path / "copied"
        directory.rename(moved)
        shutil.copytree(moved, copied)
        assert JobStore.load(moved).made_here and not JobStore.load(copied).made_here
        open_store(copied).close()
        assert JobStore.load(copied).made_here

    def test_only_the_unchanged_result_is_its_own(self, directory: Path, tmp_path: Path) -> None:
        result, mine, folder = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c"
        result.write_bytes(b"result")
        with open_store(directory) as store:
            store.mark_done(result)
        shutil.copytree(directory, tmp_path / "copied")
        copied = JobStore.load(tmp_path / "copied")
        assert copied.may_replace([result, mine, folder])
        folder.mkdir()
        assert copied.may_replace([folder])
        for path in (mine, folder / "d.png"):
            path.write_bytes(b"precious")
            assert not copied.may_replace([path]) and not copied.may_replace([result, path])
        assert not copied.may_replace([folder])
        result.write_bytes(b"edited")
        assert not copied.may_replace([result])
        assert JobStore.load(directory).may_replace([result, mine, folder])
