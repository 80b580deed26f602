"""What README and guides point at is there, and what they quote stands in the record."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TypeGuard

import pytest

from scripts.make_guides import stale
from tests.guides.reading import GUIDES, PAGES, RECORDS, ROOT, guide, links, prose, sections, shell_lines

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MOST_BYTES = 120_000  # of a picture
BY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@BY_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, target in links(page):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists() and place.is_relative_to(ROOT), f"[{name}]({target})"
        assert not anchor or anchor in sections(place), f"[{name}]({target})"


@BY_PAGE
def test_every_figure_stands_in_the_section_that_it_links_to(page: Path) -> None:
    for name, target in links(page):
        path, _, anchor = target.partition("#")
        if anchor and (page.parent / path).resolve() in RECORDS:
            recorded = _numbers(sections((page.parent / path).resolve())[anchor])
            quoted = _NUMBER.findall(name) or _column(page, name, target)
            for figure in quoted:
                assert _stands_in(figure, recorded), f"{figure} of [{name}]({target}) is not in the record"


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)))


def _stands_in(figure: str, recorded: set[str]) -> bool:
    """As it is, or rounded."""
    places = len(figure.partition(".")[2])
    return any(float(figure) == round(float(each), places) for each in recorded)


def _column(page: Path, name: str, target: str) -> list[str]:
    """The figures of the column of a table whose head is this link; none where it is elsewhere."""
    rows = [line for line in prose(page).split("\n") if line.startswith("|")]
    found: list[str] = []
    for index, row in enumerate(rows):
        cells = row.split(" | ")
        at = next((at for at, cell in enumerate(cells) if f"[{name}]({target})" in cell), None)
        if at is None or not rows[index + 1].startswith("|---"):
            continue
        for below in rows[index + 2 :]:
            if below.startswith("|---") or len(below.split(" | ")) != len(cells):
                break
            found += _NUMBER.findall(below.split(" | ")[at])
    return found


def test_figures_are_missed() -> None:
    assert _stands_in("0.10", {"0.102"}) and not _stands_in("0.10", {"0.12"})
    assert _column(guide("flow"), "error, px", "../../scripts/BENCHMARKS.md#flow")[0] == "0.10"


@BY_PAGE
def test_a_page_gives_every_result_a_name_of_its_own(page: Path) -> None:
    """Its commands, given in one folder, are not refused. (Shots of one film are split in several ways.)"""
    writers: dict[str, str] = {}
    for line in shell_lines(page):
        result = re.search(r"^vidstyle (?!shots).* -o (\S+)", line)
        if result and page.stem != "many_machines":
            assert writers.setdefault(result[1], line) == line


def test_the_readme_is_short() -> None:
    assert len(PAGES[0].read_text("utf-8").splitlines()) <= 150


def test_pictures_are_small() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for _, target in links(page)}
    large = [path.name for path in shown if path.suffix == ".jpg" and path.stat().st_size > _MOST_BYTES]
    assert not large


def test_every_guide_is_linked_to() -> None:
    start = guide("quick_start")
    linked = {(start.parent / target.partition("#")[0]).resolve() for _, target in links(start)}
    assert set(GUIDES) - {start} <= linked


def test_what_is_generated_is_current() -> None:
    assert not stale(), "python scripts/make_guides.py rewrites them"


def test_what_shows_a_promise_exists() -> None:
    last = ROOT
    rows = [row for row in prose(guide("promises")).split("\n") if row.startswith("| ") and "`" in row]
    assert len(rows) > 10
    for row in rows:
        for name in re.findall(r"`([\w/.]+)(?: \w+)?`", row.split(" | ")[1]):
            path = ROOT / name if "/" in name else last.parent / name
            assert path.exists(), name
            last = path


def test_every_line_of_trouble_is_said_by_the_program() -> None:
    """Capitals stand for what a line names."""
    said = " ".join(_texts(path) for path in sorted((ROOT / "vidstyle").rglob("*.py")))
    rows = [row for row in prose(guide("trouble")).split("\n") if row.startswith("| `")]
    assert len(rows) > 20
    for row in rows:
        line = row.split("`")[1]
        parts = [re.escape(part) for part in re.split(r"\b[A-Z]+\b", line) if part.strip()]
        assert re.search(r"[^§]{0,60}".join(parts), said), line


def _texts(path: Path) -> str:
    """All strings of a file but its docstrings, apart from each other; X stands for what is put in."""
    tree, found = ast.parse(path.read_text("utf-8")), []
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(each.value if _is_text(each) else "X" for each in node.values))
        elif _is_text(node) and id(node) not in docstrings:
            found.append(node.value)
    return "§".join(found)


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
