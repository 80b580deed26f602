"""The job directory: what is stored is whole, and what is refused is named."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.job.directories import PRINT, assert_one_line, everything_under, open_store
from vidstyle.errors import JobBusy, JobError, JobMismatch, OutputError, Stopped, VidstyleError
from vidstyle.job import JobStore, default_job_directory


def test_the_default_directory_is_beside_the_output() -> None:
    assert default_job_directory(Path("films/out.mp4")) == Path("films/out.mp4.vidstyle")


class TestFrames:
    def test_what_is_saved_is_loaded(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(12, b"picture", b"carry")
            store.save_frame(13, b"other")
        again = JobStore.load(directory)
        assert again.load_frame(12) == b"picture"
        assert again.load_carry(12) == b"carry"
        assert again.load_carry(13) is None
        assert again.frame_path(12) == directory / "frames" / "00000012.png"
        assert (again.has_frame(13), again.has_frame(14)) == (True, False)

    def test_the_next_frame_is_the_first_gap(self, directory: Path) -> None:
        with open_store(directory) as store:
            for index in (3, 4, 5, 7):
                store.save_frame(index, b"x")
            assert store.next_frame(3) == 6
            assert store.next_frame(3, 8) == 6
            assert store.next_frame(3, 5) == 5
            assert store.next_frame(0, 3) == 0
            assert store.frames() == [3, 4, 5, 7]

    def test_saving_again_without_carry_forgets_the_old_one(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x", b"old")
            store.save_frame(0, b"y")
            assert (store.load_frame(0), store.load_carry(0)) == (b"y", None)

    def test_indices_beyond_eight_digits(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(123_456_789, b"x")
            assert store.frames() == [123_456_789]

    def test_frames_are_discarded(self, directory: Path) -> None:
        with open_store(directory) as store:
            for index in range(5):
                store.save_frame(index, b"x", b"c")
            store.discard([1])
            store.discard_from(3)
            assert store.frames() == [0, 2]
            assert (store.load_carry(0), store.load_carry(2)) == (b"c", b"c")

    def test_a_missing_frame_is_named(self, directory: Path) -> None:
        with open_store(directory) as store, pytest.raises(JobError, match=r"cannot read .*00000007\.png"):
            store.load_frame(7)

    def test_shots(self, directory: Path) -> None:
        with open_store(directory) as store:
            for start in (120, 0, 120):
                store.mark_shot(start)
            assert store.shot_starts() == [0, 120]
        assert (directory / "shots" / "00000120").stat().st_size == 0

    def test_a_loaded_or_closed_store_cannot_be_written(self, directory: Path) -> None:
        store = open_store(directory)
        store.close()
        for readonly in (store, JobStore.load(directory)):
            for write in (
                lambda s: s.save_frame(0, b"x"),
                lambda s: s.mark_shot(0),
                lambda s: s.drop_frames(),
                lambda s: s.mark_done(Path("x")),
            ):
                with pytest.raises(RuntimeError):
                    write(readonly)


class TestReopening:
    def test_the_same_fingerprint_goes_on_with_the_latest_settings(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x")
        with JobStore.open(directory, dict(PRINT), {"output": "out.mp4", "crf": 30}) as store:
            assert store.frames() == [0]
        assert JobStore.load(directory).settings == {"output": "out.mp4", "crf": 30}
        assert JobStore.load(directory).fingerprint == PRINT

    def test_another_fingerprint_is_refused_and_nothing_lost(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x")
        before = everything_under(directory)
        other = {"method": "neural", "options": {"style_weight": 2.0}}
        with pytest.raises(JobMismatch, match=r"style_weight: 1\.0 -> 2\.0.*--restart.*--job DIR$") as error:
            open_store(directory, fingerprint=other)
        assert_one_line(error)
        assert everything_under(directory) == before
        open_store(directory).close()  # the refused run holds no lock

    def test_a_finished_job_is_as_worth_keeping_as_a_painted_frame(self, directory: Path) -> None:
        with open_store(directory) as store:
            (directory / "out").write_bytes(b"result")
            store.mark_done(directory / "out")
        with pytest.raises(JobMismatch):
            open_store(directory, fingerprint={"method": "other"})

    def test_a_job_without_a_frame_gives_way_to_another(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.mark_shot(5)
        with open_store(directory, fingerprint={"method": "other"}) as store:
            assert store.shot_starts() == []
        assert JobStore.load(directory).fingerprint == {"method": "other"}

    def test_many_differences_are_cut_short(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x")
        with pytest.raises(JobMismatch, match="and 4 more"):
            open_store(
                directory,
                fingerprint={"method": "other", "a": dict.fromkeys("bcdefghi", 1)}
                | {"options": {"style_weight": 1.0}, **dict.fromkeys("klmnopqr", 1)},
            )

    def test_restart_forgets_the_old_job(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(0, b"x", b"c")
            store.mark_shot(0)
            (directory / "out").write_bytes(b"result")
            store.mark_done(directory / "out")
        with open_store(directory, fingerprint={"method": "other"}, restart=True) as store:
            assert (store.frames(), store.shot_starts(), store.is_done()) == ([], [], False)
            assert not list((directory / "carry").iterdir())
        assert JobStore.load(directory).fingerprint == {"method": "other"}

    @pytest.mark.parametrize("restart", [True, False])
    def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(
        self, directory: Path, restart: bool
    ) -> None:
        with open_store(directory) as store:
            store.of_pass(2).prepare()
        ours = ["frames/.00000003.0123abcd.png", "carry/.00000003.0123abcd.safetensors"]
        ours += [".job.0123abcd.json", ".done.0123abcd"] + ["frames-2/.00000001.0123abcd.png"] * (not restart)
        theirs = ["frames/notes.txt", "frames/.notes.0123abcd.txt", "frames/3.png", "mine.png"]
        for name in ours + theirs:
            (directory / name).write_bytes(b"?")
        with open_store(directory, restart=restart) as store:
            assert store.frames() == []
        left = everything_under(directory)
        assert not left.keys() & set(ours)
        assert left.keys() >= set(theirs)

    def test_a_run_killed_before_it_wrote_job_json(self, directory: Path) -> None:
        directory.mkdir()
        (directory / "vidstyle.lock").write_text("12345 on elsewhere")
        (directory / ".job.0123abcd.json").write_text('{"form')
        with open_store(directory) as store:
            store.save_frame(0, b"x")
        assert JobStore.load(directory).frames() == [0]


class TestDone:
    def test_done_until_the_result_changes(self, directory: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.mp4"
        output.write_bytes(b"film")
        with open_store(directory) as store:
            store.save_frame(0, b"x", b"c")
            store.mark_shot(0)
            assert (store.is_done(), store.done_output()) == (False, None)
            store.mark_done(output)
            store.drop_frames()
            assert (store.is_done(), store.done_output()) == (True, output)
            assert (store.frames(), store.shot_starts()) == ([], [0])
            assert not list((directory / "carry").iterdir())
        output.write_bytes(b"fake")
        assert not JobStore.load(directory).is_done()
        output.unlink()
        assert not JobStore.load(directory).is_done()
        assert output.parent.exists()

    def test_a_result_of_several_files(self, directory: Path, tmp_path: Path) -> None:
        files = [tmp_path / f"{i}.png" for i in range(3)]
        for path in files:
            path.write_bytes(path.name.encode())
        with open_store(directory) as store:
            store.mark_done(tmp_path / "%d.png", files)
            assert store.is_done()
            files[1].unlink()
            assert not store.is_done()

    def test_a_result_made_with_other_settings(self, directory: Path, tmp_path: Path) -> None:
        (tmp_path / "out.mp4").write_bytes(b"film")
        with open_store(directory) as store:
            store.mark_done(tmp_path / "out.mp4", made_with={"crf": 18, "size": (2, 3)})
            assert store.is_done()
            assert store.is_done({"crf": 18, "size": (2, 3)})
            assert not store.is_done({"crf": 20, "size": (2, 3)})
            assert not store.is_done({})

    def test_a_result_that_cannot_be_read(self, directory: Path, tmp_path: Path) -> None:
        with open_store(directory) as store, pytest.raises(VidstyleError, match=r"gone\.mp4"):
            store.mark_done(tmp_path / "gone.mp4")


class TestFailedJobs:
    def test_what_failed_before_anything_was_painted_leaves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        for job in ("jobs/deep/out.vidstyle", "empty"):
            with pytest.raises(VidstyleError), open_store(tmp_path / job) as store:
                store.mark_shot(0)
                raise VidstyleError("nothing came of it")
        assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]

    @pytest.mark.parametrize(
        ("error", "painted", "earlier"),
        [
            (Stopped("to go on later"), False, False),
            (VidstyleError("at frame 1"), True, False),
            (VidstyleError("of a job that was there before"), False, True),
        ],
    )
    def test_others_stay(self, directory: Path, error: VidstyleError, painted: bool, earlier: bool) -> None:
        if earlier:
            open_store(directory).close()
        with pytest.raises(VidstyleError), open_store(directory) as store:
            if painted:
                store.save_frame(0, b"picture")
            raise error
        assert JobStore.load(directory).frames() == [0] * painted


class TestFullDisk:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
    @pytest.mark.parametrize(("owner", "call"), [(Path, "write_bytes"), (os, "fsync"), (os, "replace")])
    @pytest.mark.parametrize("after", [0, 1])
    def test_a_failed_save_leaves_the_frames_before_and_nothing_half(
        self,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        owner: Any,
        call: str,
        after: int,
    ) -> None:
        store = open_store(directory)
        store.save_frame(0, b"first", b"carry")
        before = everything_under(directory)
        real, calls = getattr(owner, call), 0

        def fail(*args: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls <= after:
                return real(*args)
            if call == "write_bytes":  # some of it comes to the disk
                real(args[0], args[1][:3])
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(owner, call, fail)
            with pytest.raises(OutputError) as error:
                store.save_frame(1, b"second picture", b"second carry")
        assert_one_line(error)
        assert str(directory) in str(error.value)
        left = everything_under(directory)
        assert left.pop("carry/00000001.safetensors", b"second carry") == b"second carry"
        assert left == before
        assert (store.next_frame(0), store.load_carry(0)) == (1, b"carry")
        store.save_frame(1, b"second picture", b"second carry")
        assert store.load_frame(1) == b"second picture"
        store.close()

    def test_the_disk_is_checked_before(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with open_store(directory) as store:
            store.check_space(1)
            with pytest.raises(OutputError, match=r"1000\.0 TB needed, .* free") as error:
                store.check_space(10**15)
        assert_one_line(error)
        assert str(directory) in str(error.value)

    def test_a_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(VidstyleError, match="file") as error:
            open_store(tmp_path / "file" / "job")
        assert_one_line(error)

    def test_a_directory_that_vanished(self, directory: Path) -> None:
        with open_store(directory) as store:
            (directory / "frames").rmdir()
            with pytest.raises(OutputError, match="its directory is gone"):
                store.save_frame(0, b"x")


def test_a_second_run_in_one_process_is_refused(directory: Path) -> None:
    with open_store(directory) as store:
        with pytest.raises(JobBusy, match=rf"process {os.getpid()} on ") as error:
            open_store(directory)
        assert_one_line(error)
        assert str(JobStore.load(directory).running).startswith(f"{os.getpid()} on ")
        store.save_frame(0, b"x")
    assert JobStore.load(directory).running is None
    open_store(directory).close()


class TestPasses:
    def test_each_has_frames_of_its_own(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.save_frame(3, b"first", b"carry")
            second = store.of_pass(2)
            second.prepare()
            second.save_frame(3, b"second")
            assert (store.load_frame(3), second.load_frame(3)) == (b"first", b"second")
            assert second.load_carry(3) is None
            assert (store.passes(), store.of_pass(1)) == ([1, 2], store)
            second.remove()
            assert store.passes() == [1] and store.frames() == [3]
            assert not list(directory.glob("*-2"))

    def test_all_are_counted_and_all_are_dropped(self, directory: Path) -> None:
        with open_store(directory) as store:
            store.mark_shot(5)
            for index in range(5, 9):
                store.save_frame(index, b"picture")
            assert (store.end(), store.painted()) == (None, 4)
            store.mark_end(9)
            store.of_pass(2).prepare()
            store.of_pass(2).save_frame(8, b"again")
            assert (store.end(), store.painted()) == (9, 5)
            store.drop_frames()
            assert store.passes() == [1] and store.frames() == []
