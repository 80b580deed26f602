"""A run may be killed at any moment: the store always reopens, and every frame under its name is whole."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vidstyle.errors import JobBusy, OutputError
from vidstyle.job import JobStore, lock
from vidstyle.job.lock import Lock

PAINTER = """
import hashlib, sys
from pathlib import Path
from vidstyle.job import JobStore, lock

def content(name, index):
    body = hashlib.sha256(f"{name}{index}".encode()).digest() * 3000
    return body + hashlib.sha256(body).digest()

with JobStore.open(Path(sys.argv[1]), {"job": 1}, {"settings": 1}) as store:
    print("open", flush=True)
    while True:
        index = store.next_frame(0)
        if index % 10 == 0:
            store.mark_shot(index)
        store.save_frame(index, content("picture", index), content("carry", index))
        print(index, flush=True)
"""


def painter(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PAINTER, str(directory)], stdout=subprocess.PIPE, text=True
    )


def is_whole(content: bytes) -> bool:
    return len(content) > 32 and hashlib.sha256(content[:-32]).digest() == content[-32:]


def test_killed_again_and_again(tmp_path: Path) -> None:
    directory = tmp_path / "job"
    chance = random.Random(7)
    reported = -1
    for _ in range(25):
        child = painter(directory)
        assert child.stdout is not None
        # In its first steps, before anything is painted; as it begins; or after some frames.
        lines = [child.stdout.readline() for _ in range(chance.choice([0, 1, 1, 3, 5]))]
        time.sleep(chance.random() * 0.04)
        child.kill()
        lines += child.communicate()[0].splitlines()
        reported = max([reported, *(int(line) for line in lines if line.strip().isdigit())])

        with JobStore.open(directory, {"job": 1}, {"settings": 1}) as store:
            stored = store.frames()
            assert stored == list(range(len(stored)))
            assert len(stored) > reported  # what was reported saved is there
            for index in stored[-20:]:
                carry = store.load_carry(index)
                assert is_whole(store.load_frame(index))
                assert carry is not None and is_whole(carry)
            assert store.shot_starts() in (
                list(range(0, len(stored), 10)),
                list(range(0, len(stored) + 1, 10)),
            )
        assert list(directory.rglob(".*")) == []
    assert reported > 20


def test_a_second_process_is_refused_and_a_dead_one_leaves_no_lock(tmp_path: Path) -> None:
    directory = tmp_path / "job"
    child = painter(directory)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        with pytest.raises(JobBusy, match=f"process {child.pid} on "):
            JobStore.open(directory, {"job": 1}, {"settings": 1})
        assert str(JobStore.load(directory).running).startswith(f"{child.pid} on ")
        refused = subprocess.run(
            [sys.executable, "-c", PAINTER, str(directory)], capture_output=True, text=True
        )
        assert refused.returncode != 0 and "JobBusy" in refused.stderr
    finally:
        child.kill()
        child.communicate()
    assert JobStore.load(directory).running is None
    JobStore.open(directory, {"job": 1}, {"settings": 1}).close()


def test_a_look_at_the_lock_does_not_make_a_run_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether a lock is held is found out by taking it for an instant.
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 600.0)
    look = Lock(tmp_path / "vidstyle.lock")
    threading.Timer(0.1, look.release).start()
    JobStore.open(tmp_path, {"job": 1}, {"settings": 1}).close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OutputError, match=r"vidstyle\.lock: this disk has no locks; put the job on another"):
        JobStore.open(tmp_path / "job", {"job": 1}, {"settings": 1})
