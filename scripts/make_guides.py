"""Write the guides that are derived from the program: every option, and the Python API.

python scripts/make_guides.py            # writes vidstyle/guides/options.md and api.md
python scripts/make_guides.py --check    # says which are not as they would be written; exit code 1
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.reference.api import api  # noqa: E402
from scripts.reference.options import options  # noqa: E402

GUIDES = {"options.md": options, "api.md": api}


def stale() -> dict[Path, str]:
    """The files that are not as they would be written, and what would be."""
    made = {ROOT / "vidstyle" / "guides" / name: make() for name, make in GUIDES.items()}
    return {path: text for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    found = stale()
    for path, text in found.items():
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is not current; python scripts/make_guides.py rewrites it")
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
