#!/usr/bin/env python
"""Puts thousands of broken files into the program, which must refuse each in one line, or work.

Of every kind of file that is read (videos of several containers and codecs, pictures, lists, weights, flow,
job directories) whole ones are made and broken: bits flipped, lengths and sizes made absurd, parts cut out,
repeated, swapped, spliced, with the checksums put right again where the format has them. Each goes through a
real command line in a fork of this process, which has imported everything, with limited memory and time.

A fault is: a death by a signal, a hang, an exit code other than 0, 1 and 2, a failure that is not told in one
line of ours, anything said by a library, a file changed or left that is not the result or its job, a process
or a connection started.

    python scripts/fuzz.py [--mutants 2000] [--seed 0] [--jobs 2] [--match PART] [--only N]

A mutant depends on the seed and its number alone: `--only N` makes and runs one again, shows what it said and
keeps its folder. The exit code is 0 if there was no fault. POSIX only.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from forks import apart, fork, wait_for
from fuzzing.child import Ended, contents, fault, run
from fuzzing.kit import Target, make_kit, targets
from fuzzing.mutate import mutated


def prepare(root: Path) -> Path:
    """Make whole files in a process of its own, as nothing here may start a thread; returns their folder.

    What making them has imported is imported here as well, so that no mutant has to.
    """
    kit, names = root / "kit", root / "modules.txt"

    def make() -> None:
        make_kit(kit)
        names.write_text("\n".join(sorted(sys.modules)))

    apart(make)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(root / "cache")
    for name in names.read_text().splitlines():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return kit


class Fuzzer:
    """Makes and runs mutants by their numbers. kit: whole files; root: where their folders are made."""

    def __init__(self, root: Path, kit: Path, seed: int) -> None:
        self.root, self.kit, self.seed = root, kit, seed
        self.targets = targets()

    def target(self, number: int) -> Target:
        return self.targets[number % len(self.targets)]

    def go(self, number: int) -> tuple[tuple[str, ...], Ended, str]:
        """The command, how it ended, and what is wrong with that. The folder of a sound one is removed."""
        chance, target = random.Random(f"{self.seed} {number}"), self.target(number)
        folder, logs = self.root / str(number) / "work", self.root / str(number) / "logs"
        for place in (folder, logs):
            place.mkdir(parents=True)
        target.lay(self.kit, folder)
        victim = folder / target.victim
        others = sorted(path for path in self.kit.iterdir() if path.is_file())
        other = chance.choice(others).read_bytes()
        victim.write_bytes(mutated(victim.read_bytes(), victim.name, other, chance))
        command = chance.choice(target.commands)
        before = contents(folder)
        ended = run(folder, command, logs)
        wrong = fault(ended, folder, before)
        if not wrong:
            shutil.rmtree(folder.parent)
        return command, ended, wrong


def work(fuzzer: Fuzzer, numbers: list[int], report: Path) -> None:
    """Run these mutants, with a line in `report` for each."""
    with report.open("w") as file:
        for number in numbers:
            command, ended, wrong = fuzzer.go(number)
            name = fuzzer.target(number).victim
            file.write(f"{name}\t{'fault' if wrong else ended.code}\t{ended.seconds:.2f}\n")
            file.flush()
            if wrong:
                print(f"FAULT {number} ({name}; {' '.join(command)}): {wrong}", flush=True)


def fuzz(fuzzer: Fuzzer, numbers: list[int], jobs: int) -> int:
    """Run these mutants in `jobs` processes at a time; returns how many faults there were."""
    begun = time.monotonic()
    reports = [fuzzer.root / f"report-{i}.txt" for i in range(jobs)]
    parts = [(numbers[i::jobs], report) for i, report in enumerate(reports)]
    pids = [fork(partial(work, fuzzer, *part)) for part in parts]
    codes = [wait_for(pid) for pid in pids]
    lines = [line.split("\t") for report in reports for line in report.read_text().splitlines()]
    outcomes = Counter(code for _, code, _ in lines)
    kinds = len({name for name, _, _ in lines})
    faults = outcomes["fault"] + sum(map(bool, codes)) + len(numbers) - len(lines)
    print(
        f"{len(lines)} mutants of {kinds} files in {time.monotonic() - begun:.0f} s: {outcomes['0']} worked, "
        f"{outcomes['1']} refused, {outcomes['2']} usage; {f'{faults} FAULTS' if faults else 'no faults'}"
    )
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--match", default="", help="only those of files with this in their name")
    parser.add_argument("--only", type=int, help="run this one again, show what it says and keep its folder")
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="fuzz")).resolve()
    os.environ["VIDSTYLE_OFFLINE"] = "1"
    os.environ["VIDSTYLE_CACHE"] = str(root / "cache")
    kit = prepare(root)
    whole, fuzzer = contents(kit), Fuzzer(root, kit, given.seed)
    if given.only is not None:
        command, ended, wrong = fuzzer.go(given.only)
        print(f"cd {root / str(given.only) / 'work'}; vidstyle {' '.join(command)}")
        print(f"exit code {ended.code}, {ended.seconds:.1f} s\n{ended.out}{ended.err}{wrong or 'no fault'}")
        return bool(wrong)
    numbers = [n for n in range(given.mutants) if given.match in fuzzer.target(n).victim]
    faults = fuzz(fuzzer, numbers, given.jobs)
    if contents(kit) != whole:
        faults += 1
        print("FAULT: a mutant has changed files that it was not given")
    if faults:
        print(f"the folders of mutants at fault are kept in {root}")
    else:
        shutil.rmtree(root)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
