"""`vidstyle guide`: what is shipped in `vidstyle/guides`, in the terminal."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import typer

from vidstyle.errors import UsageError

_NEAR = 3  # topics, at most, that are named in place of one that does not exist
_WIDEST = 100  # columns, beyond which lines are hard to follow


def guide(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="Which; without it they are listed.")
    ] = None,
) -> None:
    """Read how things are done: the guides that come with the package. Without TOPIC: which there are."""
    text = _listed() if topic is None else _read(_found(topic))
    if not sys.stdout.isatty():
        typer.echo(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.print(Markdown(_for_terminal(text), hyperlinks=False), width=min(console.width, _WIDEST))


def topics() -> list[str]:
    """The names of the guides, sorted."""
    return sorted(each.name.removesuffix(".md") for each in _folder().iterdir() if each.name.endswith(".md"))


def _folder() -> Traversable:
    return files("vidstyle") / "guides"


def _read(topic: str) -> str:
    return (_folder() / f"{topic}.md").read_text(encoding="utf-8")


def _listed() -> str:
    lines = (f"- `{topic}`: {_title(_read(topic))}" for topic in topics())
    return "\n".join(["Read one by `vidstyle guide TOPIC`:", "", *lines])


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _found(asked: str) -> str:
    """The topic that is meant. Raises UsageError, with those that come near."""
    name, known = asked.lower().removesuffix(".md").replace("-", "_").replace(" ", "_"), topics()
    if name in known:
        return name
    near = list(dict.fromkeys([*difflib.get_close_matches(name, known), *_telling_of(name)]))[:_NEAR]
    hint = f"near are {', '.join(near)}" if near else "vidstyle guide lists them"
    raise UsageError(f"there is no guide called {asked!r}; {hint}")


def _telling_of(word: str) -> Iterator[str]:
    """The guides that have a word, those that have it most often first: it may be a command's name."""
    pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    counts = {topic: len(pattern.findall(_read(topic))) for topic in topics()}
    return (topic for topic in sorted(counts, key=lambda each: -counts[each]) if counts[topic])


def _for_terminal(text: str) -> str:
    """Links to other guides as the command that shows them, pictures by what they show, others bare."""
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"*Picture: \1*", text)
    text = re.sub(r"\[([^\]]*)\]\((\w+)\.md(?:#[^)]*)?\)", r"\1 (`vidstyle guide \2`)", text)
    return re.sub(r"\[([^\]]*)\]\((?:#|\.\./)[^)]*\)", r"\1", text)
