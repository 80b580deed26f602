"""The program, which waits before a call of one of its functions until that is allowed; see `running.held`.

held.py MODULE:NAME ALLOWED ARGUMENT...
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import Any


def hold(place: str, allowed: Path) -> None:
    """Make a function wait before each call beyond the number that the file `allowed` holds."""
    module, names = place.split(":")
    *within, name = names.split(".")
    owner = resolve_name(f"{module}:{'.'.join(within)}")
    real, calls = getattr(owner, name), 0

    def holding(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        while not allowed.exists() or calls > int(allowed.read_text() or 0):
            time.sleep(0.005)
        return real(*given, **more)

    setattr(owner, name, holding)


if __name__ == "__main__":
    hold(sys.argv.pop(1), Path(sys.argv.pop(1)))
    from vidstyle.cli import main

    sys.exit(main())
