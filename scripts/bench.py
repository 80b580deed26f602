#!/usr/bin/env python
"""Measures speed, memory, steadiness and exactness.

    python scripts/bench.py                     everything, some minutes
    python scripts/bench.py stages temporal     some of it
    python scripts/bench.py against-classic --features vgg19.pth
    python scripts/bench.py gpu                 all that is claimed of a GPU, on what there is; needs no PyAV

BENCHMARKS.md beside this file keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS.parent)]  # of this checkout, installed or not

from benchmarks.without_av import stand_in  # noqa: E402

WITHOUT_AV = stand_in()  # before anything is imported that needs it

from benchmarks.common import Setting, Table, machine  # noqa: E402

from vidstyle.errors import VidstyleError  # noqa: E402

BENCHMARKS = (
    "stages",
    "against-classic",
    "temporal",
    "longterm",
    "still",
    "memory",
    "precision",
    "balance",
    "borders",
    "flow",
    "analogy",
    "dfi",
    "losses",
    "texture",
    "strength",
    "tiles",
    "photo",
    "guidance",
    "load",
    "live",
    "looks",
    "farm",
    "keys",
    "colour",
    "fill",
    "gpu",
)
"""Each is a module of `benchmarks`."""


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    shared = {spec.name for spec in fields(Setting)}
    setting = Setting(
        **{name: value for name, value in vars(options).items() if name in shared},
        options={"quality": options.quality},
    )
    try:
        there = machine(setting.device)
        print(", ".join(f"{name} {value}" for name, value in there.items()), flush=True)
        tables: dict[str, list[Table]] = {}
        for name in options.names:
            tables[name] = import_module(f"benchmarks.{name.replace('-', '_')}").run(setting)
            for table in tables[name]:
                print(f"\n{table}", flush=True)
            if options.json:
                found = {key: [_plain(asdict(table)) for table in group] for key, group in tables.items()}
                figures = json.dumps({"machine": there, **found}, indent=1, allow_nan=False)
                options.json.write_text(figures + "\n")
    except VidstyleError as error:
        sys.exit(f"bench: {error}")
    if faults := [fault for group in tables.values() for table in group for fault in table.faults]:
        sys.exit("\n".join(f"bench: {fault}" for fault in faults))


def _plain(value: Any) -> Any:
    """`value` with null where a number is infinite or none, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, Path(path)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    default = Setting()
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="Frames are counted from the first. What is not given is each benchmark's own default.",
    )
    known = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {known}; all by default")
    parser.add_argument("--clip", type=Path, help="clip to paint, or a folder of pictures (balance)")
    parser.add_argument(
        "--style", type=Path, default=default.style, help="style picture, or a folder of pictures (balance)"
    )
    parser.add_argument(
        "--features", help=f"as of vidstyle style; {default.features} if not given, for gpu alone auto"
    )
    parser.add_argument("--device", default=default.device, help="auto, cpu, cuda or mps")
    parser.add_argument("--quality", default="standard", help="draft, standard or high")
    parser.add_argument("--size", type=int, help="longest side in pixels")
    parser.add_argument("--frames", type=int, help="how many frames")
    parser.add_argument("--repeats", type=int, default=default.repeats, help="of what is timed by turns")
    parser.add_argument(
        "--flow-weights", type=_named_file, action="append", default=[], metavar="NAME=FILE",
        help="weights of raft or raft-small (repeat for both)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for pictures to look at")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    options.flow_weights = dict(options.flow_weights)
    options.names = list(dict.fromkeys(options.names or BENCHMARKS))
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {known}")
    if WITHOUT_AV and options.names != ["gpu"]:
        parser.error("all but gpu read or write video: pip install av")
    options.features = options.features or ("auto" if options.names == ["gpu"] else default.features)
    return options


if __name__ == "__main__":
    main()
