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
from forks import apart


def report(trial: Trial, seconds: float) -> None:
    print(f"{trial.name}: {trial.jobs} jobs in {seconds:.0f} s, {trial.struck.total()} strikes")
    for name in STRIKES:
        counts = [f"{phase} {n}" for phase in NAMES if (n := trial.struck[name, phase])]
        print(f"  {name}: {', '.join(counts) or 'none'}")
    for fault in trial.faults:
        print(f"  FAULT {fault}")
    sys.stdout.flush()


def test(root: Path, trials: list[Trial], kills: int, seed: int) -> int:
    """Strike these, working in `root`; returns how many jobs were at fault."""
    arena = Arena(root)
    apart(lambda: make_materials(root / "materials"))
    each = -(-kills // len(trials))
    for trial in trials:
        begun = time.monotonic()
        # A method's moments do not depend on which others are struck before it.
        tester = Tester(arena, trial, random.Random(f"{seed} {trial.name}"))
        tester.go(each, max(len(STRIKES) - 1, each // 3))
        report(trial, time.monotonic() - begun)
    faults = sum(len(trial.faults) for trial in trials)
    jobs, struck = sum(t.jobs for t in trials), sum(t.struck.total() for t in trials)
    print(f"{jobs} jobs, {struck} strikes: {f'{faults} FAULTS' if faults else 'every job came out the same'}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs in all, at least one per method")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", help="only these, with commas between them")
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="crash_test")).resolve()
    os.environ["VIDSTYLE_OFFLINE"] = "1"
    os.environ["VIDSTYLE_CACHE"] = str(root / "cache")
    faults = 0
    try:
        trials = make_trials(root / "materials")
        names = [trial.name for trial in trials]
        wanted = given.methods.split(",") if given.methods else names
        if given.kills < 1 or not set(wanted) <= set(names):
            parser.error(f"--kills takes 1 or more, --methods some of {','.join(names)}")
        faults = test(root, [t for t in trials if t.name in wanted], given.kills, given.seed)
        return 1 if faults else 0
    finally:
        if faults:
            print(f"the jobs at fault are kept in {root}")
        else:
            shutil.rmtree(root)


if __name__ == "__main__":
    sys.exit(main())
