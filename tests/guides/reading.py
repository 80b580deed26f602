"""The README and the guides as tests read them: blocks of code, commands, links, headings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "vidstyle" / "guides").glob("*.md"))
RECORDS = [ROOT / "scripts" / "BENCHMARKS.md", ROOT / "scripts" / "FEATURES.md"]
PAGES = [ROOT / "README.md", *GUIDES]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.M | re.S)
_LINK = re.compile(r"\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. name: of the file that it is, where the line above says so; line: of the page."""

    language: str
    code: str
    name: str
    line: int


def blocks(page: Path) -> list[Block]:
    """All of a page, in their order."""
    text, found = page.read_text("utf-8"), []
    for match in _FENCE.finditer(text):
        above = text[: match.start()].rstrip().rpartition("\n")[2]
        name = re.fullmatch(r"`([\w/.]+)`", above.strip())
        code = textwrap.dedent(match["code"])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match["language"], code, name[1] if name else "", line))
    return found


def file_of(page: Path, name: str) -> str:
    """What a page shows as the file of this name."""
    return next(block.code for block in blocks(page) if block.name == name)


def follow(page: Path, name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Do as a page says: write the file of this name into a folder, and run the line that comes after it."""
    (folder / name).write_text(file_of(page, name))
    patch.syspath_prepend(str(folder))
    shown = [block for block in blocks(page) if block.language == "python"]
    after = next(index for index, block in enumerate(shown) if block.name == name) + 1
    exec(shown[after].code, {})


def guide(topic: str) -> Path:
    return ROOT / "vidstyle" / "guides" / f"{topic}.md"


def shell_lines(page: Path) -> Iterator[str]:
    """Every command of a page, without its comment, on one line."""
    for block in blocks(page):
        if block.language == "sh":
            whole = re.sub(r"\\\n\s*", "", block.code)
            yield from filter(None, (_uncommented(line) for line in whole.split("\n")))


def _uncommented(line: str) -> str:
    return re.sub(r"(^|\s)#( .*)?$", "", line).strip()


def prose(page: Path) -> str:
    """A page without its blocks of code, line by line as it was."""
    return _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page.read_text("utf-8"))


def links(page: Path) -> list[tuple[str, str]]:
    """What each link and each picture of a page is called, and where it leads."""
    text = re.sub(r"`[^`\n]*`", lambda match: match[0].replace("[", " ").replace("]", " "), prose(page))
    return _LINK.findall(text)


def sections(page: Path) -> dict[str, str]:
    """What stands under each heading, by its anchor; deeper headings belong to it."""
    text, found = prose(page), {}
    heads = list(re.finditer(r"^(#+) (.*)$", text, re.M))
    for index, head in enumerate(heads):
        deeper = (each for each in heads[index + 1 :] if len(each[1]) <= len(head[1]))
        stop = next(deeper, None)
        found[anchor(head[2])] = text[head.start() : stop.start() if stop else len(text)]
    return found


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", bare).strip().replace(" ", "-")
