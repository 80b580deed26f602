#!/usr/bin/env python
"""Proves that a job may be killed at any moment, again and again, and comes out as if it never had been.

Small jobs of every method (style in one pass, in several and with a long history, analogies, edits of clips
and stills, textures) are struck with SIGKILL at random moments of every phase, and with SIGTERM, SIGHUP and
SIGINT, once and twice; each is then gone on with, by the same command or by `vidstyle resume`, until it is
done. Its decoded frames with their times, and all files it writes beside, must equal those of a run that was
left alone; its folders must hold the same names, so neither a temporary file nor a painted frame that should
be gone; an exit code must be one that a user is promised, and nothing may print a traceback.

    python scripts/crash_test.py [--kills 100] [--seed 0] [--methods style,dfi]

The kills are shared out among the methods, and every method gets each other signal as well, at least once.
A third of the moments lie anywhere in the measured length of a run; the others fall to the phases by turns,
into the middle of one or right before a change that the program makes to a file, which finds the short ones.
Each run is a fork of this process, which has imported everything: the program is as it is, only watched from
around, and what is not covered is the start and the end of Python itself. The exit code is 0 if every job
has held. POSIX only.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from crashes.arena import NAMES, Arena
from crashes.tester import STRIKES, Tester
from crashes.trials import Trial, make_materials, make_trials


def report(trial: Trial, seconds: float) -> None:
    print(f"{trial.name}: {trial.jobs} jobs in {seconds:.0f} s, {trial.struck.total()} strikes")
    for name in STRIKES:
        counts = [f"{phase} {n}" for phase in NAMES if (n := trial.struck[name, phase])]
        print(f"  {name}: {', '.join(counts) or 'none'}")
    for fault in trial.faults:
        print(f"  FAULT {fault}")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", help="only these, with commas between them")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in this new folder, and keep it")
    given = parser.parse_args()
    root = (given.keep or Path(tempfile.mkdtemp(prefix="crash_test"))).resolve()
    root.mkdir(parents=True, exist_ok=True)
    os.environ["VIDSTYLE_OFFLINE"] = "1"
    os.environ["VIDSTYLE_CACHE"] = str(root / "cache")
    arena = Arena(root)
    arena.apart(lambda: make_materials(root / "materials"))
    trials = make_trials(root / "materials")
    names = given.methods.split(",") if given.methods else [trial.name for trial in trials]
    if unknown := set(names) - {trial.name for trial in trials}:
        parser.error(f"no such method: {', '.join(sorted(unknown))}")
    chosen = [trial for trial in trials if trial.name in names]
    each = -(-given.kills // len(chosen))
    for trial in chosen:
        begun = time.monotonic()
        # A method's moments are the same whether or not the others run too.
        tester = Tester(arena, trial, random.Random(f"{given.seed} {trial.name}"))
        tester.go(each, max(len(STRIKES) - 1, each // 3))
        report(trial, time.monotonic() - begun)
    faults = sum(len(trial.faults) for trial in chosen)
    jobs, struck = sum(t.jobs for t in chosen), sum(t.struck.total() for t in chosen)
    print(f"{jobs} jobs, {struck} strikes: {f'{faults} FAULTS' if faults else 'every job came out the same'}")
    if not given.keep:
        shutil.rmtree(root)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
