"""The fuzz run: a sample of it always, all of it with the slow tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "fuzz.py"), *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_sample_of_broken_files() -> None:
    ended = fuzz("--mutants=50", "--seed=1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "50 mutants of 50 files" in ended.stdout
    assert "no faults" in ended.stdout


@pytest.mark.slow
def test_thousands_of_broken_files() -> None:
    ended = fuzz("--mutants=2009")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2009 mutants" in ended.stdout


def test_a_mutant_depends_on_its_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # as the scripts do, for good
    from fuzzing.mutate import mutated

    data = bytes(range(256)) * 20
    for name in ("a.mkv", "a.mp4", "a.png", "a.json", "a.csv"):
        made = [mutated(data, name, data, Random(f"0 {n}")) for n in range(30)]
        assert made == [mutated(data, name, data, Random(f"0 {n}")) for n in range(30)]
        assert len(set(made)) > 20
