"""What is measured on a GPU, on a device that pretends to be one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from benchmarks import gpu, gpu_agreement, gpu_parts
from benchmarks.common import Setting

from tests.conftest import ROOT

WITHOUT_PYAV = """
import importlib.util, runpy, sys
from pathlib import Path
import cv2
vars(cv2).pop("ximgproc", None), vars(cv2).pop("optflow", None)  # as in a build without contrib modules
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "av" else find(name, *more)
bench, features, out = sys.argv[1:]
sys.argv = [bench, "stages"]
try:
    runpy.run_path(bench, run_name="__main__")
except SystemExit as end:
    assert end.code == 2
from benchmarks import gpu
from benchmarks.common import Setting
from tests.pretend import device
from vidstyle.image import patchmatch
patchmatch._SAMPLES = 64  # of patches that are learnt from: of all of them that takes most of the time
device.install()
options = {"steps": 2, "next_steps": 2, "sweeps": 1}
setting = Setting(device="auto", size=32, features=features, out=Path(out), options=options)
print(*gpu.run(setting))
"""


def test_a_gpu_is_measured_without_pyav(setting: Setting, tmp_path: Path) -> None:
    """As on a machine that has no PyAV, on a pretend device: what it finds there is what the CPU finds."""
    given = [str(ROOT / "scripts/bench.py"), setting.features, str(tmp_path)]
    command, one = [sys.executable, "-c", WITHOUT_PYAV, *given], {**os.environ, "OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, env=one, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "pip install av" in found.stderr
    table = (tmp_path / "gpu.md").read_text()
    assert table in found.stdout and "no fault" in table and "device pretend" in table
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    off = {row[0]: float(row[2]) for row in rows if "off the CPU" in row[0] and "bfloat16" not in row[0]}
    assert len(off) >= 9 and set(off.values()) == {0}
    parts = {row[0].removeprefix("| ").partition(",")[0] for row in rows}
    assert parts > {"student", "flow", "style", "dfi", "analogy", "copy a frame to the device"}
    assert all(float(row[2]) > 0 for row in rows if "off the CPU" not in row[0])


def test_what_is_late_or_fails_on_a_gpu_is_told(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    (late,) = gpu.run(setting, budget=0)
    assert {row[2] for row in late.rows} == {"left out: the time is up"} and not late.faults

    def full(bench: gpu.Bench) -> Iterator[gpu.Row]:
        yield gpu.Row("before", "1x1", 1.0, fault="")
        raise torch.OutOfMemoryError("CUDA out of memory")

    def long(bench: gpu.Bench) -> Iterator[gpu.Row]:
        bench.in_time(1e6)
        yield gpu.Row("never", "1x1", 1.0)

    monkeypatch.setattr(gpu_agreement, "all_of_it", full)
    monkeypatch.setattr(gpu_parts, "PARTS", (long,))
    (table,) = gpu.run(setting)
    assert [row[0] for row in table.rows] == ["before", "full", "long"]
    assert table.faults == ["full: failed: out of memory: CUDA out of memory"]
    assert "would take about 1000000 s" in str(table)


def test_faults_of_paintings_are_seen() -> None:
    content = torch.rand(3, 8, 8)
    assert gpu.fault_of(1 - content, content) == ""
    assert gpu.fault_of(content, content) == "the frame as it was"
    assert gpu.fault_of(content * torch.nan, content) == "not finite"
    assert gpu.fault_of(content + 2, content) == "out of range"
