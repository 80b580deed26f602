"""Seconds per step of painting beside other busy processes, by how many threads paint and how they wait.

    cd scripts; python -m benchmarks.load CLIP STYLE '{"size": 192, ...}'

paints once for every line that it reads, with these settings of vidstyle.stylize, and prints the figures of
each; `run` starts such a process for every way, and lets them paint by turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.common import SCRIPTS, Setting, Table, first_frame, painter, scratch, seen

ONE = "one thread"
# As vidstyle sets it, as GNU's OpenMP does by itself, and without any spinning.
WAYS: Mapping[str, dict[str, str]] = {
    ONE: {"OMP_NUM_THREADS": "1"},
    "all threads": {},
    "all, spinning for long": {"GOMP_SPINCOUNT": "300000"},
    "all, sleeping at once": {"OMP_WAIT_POLICY": "PASSIVE"},
}
STEPS = 4
COLUMNS = ("busy beside", "painted by", "s per step", "processor s per step", "x one thread")
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def run(setting: Setting, beside: tuple[int, ...] = (0, 1)) -> list[Table]:
    """On the processor. beside: how many busy processes are started, beside what the machine does anyway."""
    rows = []
    with ExitStack() as stack:
        painters = {way: stack.enter_context(_painter(setting, more)) for way, more in WAYS.items()}
        for count in beside:
            with _busy(count):
                found = _by_turns(painters, setting.repeats)
            once = found[ONE][0]
            rows += [(count, way, wall, own, wall / once) for way, (wall, own) in found.items()]
    title = f"load: a step at {setting.size or 192} px beside other processes, medians of {setting.repeats}"
    return [Table(title, COLUMNS, rows)]


def _by_turns(painters: Mapping[str, subprocess.Popen[str]], repeats: int) -> dict[str, tuple[float, float]]:
    """Median seconds per step of every way: on the clock, and of the processor."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in painters}
    for _ in range(repeats):
        for way, process in painters.items():
            found[way].append(_answer(process))
    return {
        way: (median(each["wall"] for each in figures), median(each["own"] for each in figures))
        for way, figures in found.items()
    }


def _painter(setting: Setting, more: dict[str, str]) -> subprocess.Popen[str]:
    """A process that waits to paint; it has painted once, so that nothing is done for the first time."""
    settings = setting.settings(device="cpu", size=setting.size or 192)
    command = [sys.executable, "-m", "benchmarks.load"]
    command += [str(setting.source), str(setting.style), json.dumps(settings)]
    environment = {name: value for name, value in os.environ.items() if name not in _WAITING} | more
    pipe = subprocess.PIPE
    painter = subprocess.Popen(command, cwd=SCRIPTS, env=environment, stdin=pipe, stdout=pipe, text=True)
    _answer(painter)
    return painter


def _answer(painter: subprocess.Popen[str]) -> dict[str, float]:
    """Let it paint once; its figures."""
    assert painter.stdin and painter.stdout
    print(file=painter.stdin, flush=True)
    line = painter.stdout.readline()
    if not line:
        raise RuntimeError("the painting process has ended")
    figures: dict[str, float] = json.loads(line)
    return figures


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """`count` processes that each keep a core busy, until the end."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def main(clip: str, style: str, settings: str) -> None:
    asked = {**json.loads(settings), "next_steps": STEPS, "tolerance": 0.0, "temporal_weight": 1.0}
    with scratch() as folder:
        plan = Setting(clip=Path(clip), style=Path(style), options=asked).plan(folder)
        method, prior = painter(plan), seen(first_frame(plan))
    for _ in sys.stdin:
        wall, own = time.perf_counter(), time.process_time()
        steps = method.paint(prior.image, [prior], seed=0).steps
        wall, own = time.perf_counter() - wall, time.process_time() - own
        print(json.dumps({"wall": wall / steps, "own": own / steps}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
