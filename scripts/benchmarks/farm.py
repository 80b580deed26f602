"""How much quicker a film is painted by several workers, and what a shot costs beside its painting.

And, on paper, how long a feature film takes on how many machines.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import vidstyle
from benchmarks.common import SAMPLES, Setting, Table, scratch
from vidstyle.farm.parts import Parts
from vidstyle.options.base import option_name

_PROGRAM = "import sys\nfrom vidstyle.cli import main\nsys.exit(main())"
_SHOTS = 4
_FILM = 2 * 60 * 60 * 24  # frames of a film of two hours
_SHOT, _LONGEST = 5 * 24, 60 * 24  # frames of its shots, on the average, and of the longest
MACHINES = (1, 10, 100)


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of the processor."""

    wall: float
    processor: float


def run(setting: Setting, shots: int = _SHOTS) -> list[Table]:
    """Paint the first frames of a clip, cut into shots, in one run, by one worker and by two."""
    count = setting.frames or 40
    cuts = [count * number // shots for number in range(1, shots)]
    given = [str(setting.clip or SAMPLES / "cut.mp4"), str(setting.style), "--frames", f":{count}"]
    for name, value in setting.settings(cuts=None).items():
        given += [] if value is None else [option_name(name), str(value)]
    given += ["--no-cuts", "--cut", ",".join(map(str, cuts))]
    with scratch() as folder:
        whole = _timed([["style", *given, "-o", str(folder / "whole.mp4")]])
        found = _timed([["shots", *given, "-o", str(folder / "one.mp4")]])
        apart, joined, one = _painted(folder / "one.mp4", 1)
        _timed([["shots", *given, "-o", str(folder / "two.mp4")]])
        _, _, two = _painted(folder / "two.mp4", 2)
        start = _timed([["join", str(folder / "one.mp4")]])
        same = all(
            (folder / name).read_bytes() == (folder / "whole.mp4").read_bytes()
            for name in ("one.mp4", "two.mp4")
        )
    parts = Table(
        f"{count} frames in {shots} shots, {'' if same else 'NOT '}the same result",
        ["what", "s", "s of the processor"],
        [
            ["one run", whole.wall, whole.processor],
            ["a command that finds nothing to do", start.wall, start.processor],
            ["finding the shots", found.wall, found.processor],
            ["painting them, one worker", one, apart.processor],
            ["painting them, two workers", two, "-"],
            ["joining them", joined.wall, joined.processor],
        ],
        [f"two workers are {one / two:.2f} times as fast as one"],
    )
    find, join = (max(0.0, each.processor - start.processor) / count for each in (found, joined))
    paint = max(0.0, apart.processor - shots * start.processor) / count
    return [parts, _on_paper(find, paint, join, start.processor)]


def _painted(output: Path, workers: int) -> tuple[Cost, Cost, float]:
    """The cost of all shots, that of joining them, and the seconds by the clock that so many workers took."""
    numbers = [
        part.number for part in Parts.load(output.with_name(f"{output.name}.vidstyle")).longest_first()
    ]
    commands = [["shot", str(output), str(number)] for number in numbers]
    began = time.perf_counter()
    shots = _timed(commands, workers)
    wall = time.perf_counter() - began
    return shots, _timed([["join", str(output)]]), wall


def _timed(commands: Sequence[Sequence[str]], workers: int = 1) -> Cost:
    """Commands of vidstyle, each on one thread, by so many workers."""
    folder = str(Path(vidstyle.__file__).parent.parent)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": folder}

    def do(words: Sequence[str]) -> None:
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words, "-q"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(do, commands))
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def hours(machines: int, find: float, paint: float, join: float, start: float) -> float:
    """On paper, for a film of two hours. find, paint, join: seconds a frame; start: a shot beside its frames.

    What one machine does first and last is not shortened by others, and no shot is painted by two.
    """
    shared = (_FILM * paint + _FILM / _SHOT * start) / machines
    return (_FILM * (find + join) + max(shared, _LONGEST * paint + start)) / 3600


def _on_paper(find: float, paint: float, join: float, start: float) -> Table:
    rows = [[machines, hours(machines, find, paint, join, start)] for machines in MACHINES]
    share = _FILM * (find + join) / 3600
    single = f"{1000 * find:.0f} and {1000 * join:.0f} ms a frame"
    note = (
        f"{share:.3g} h of these are finding and joining on one machine ({single}); the longest shot, of a "
        f"minute, takes {_LONGEST * paint / 3600:.3g} h"
    )
    return Table("two hours of film, by these figures, on paper", ["machines", "h"], rows, [note])
