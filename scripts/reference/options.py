"""Every command with its options, as Markdown, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from vidstyle.cli.commands import app

_HEAD = """# Every command and its options

Written by `scripts/make_guides.py` from the commands themselves: what `vidstyle COMMAND --help` says.
In Python an option is the setting of the same name, with `_` for `-`, unless it says
otherwise.
"""
_OWN_PANEL = "Options"
_SHOWN_ONLY = ("as_json", "json_file")  # of the command line


def options() -> str:
    """The guide."""
    seen: dict[str, str] = {}
    parts = [_HEAD]
    commands: Any = typer.main.get_command(app)
    for name, command in commands.commands.items():
        parts += _section(name, command, seen)
    return "\n".join(parts)


def _section(name: str, command: Any, seen: dict[str, str]) -> Iterator[str]:
    """seen: tables that have been written, and where."""
    yield f"## {name}\n"
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    needed = [each for each in command.params if each.param_type_name == "option" and each.required]
    words = [
        "vidstyle",
        name,
        *map(_usage, arguments),
        *(f"{_short(each)} {each.metavar}" for each in needed),
    ]
    yield f"```\n{' '.join(words)}\n```\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    lines = [f"- `{each.metavar}`: {each.help}" for each in arguments if getattr(each, "help", None)]
    if lines:
        yield "\n".join(lines) + "\n"
    elsewhere: dict[str, list[str]] = {}
    for panel, table in _tables(command):
        if table in seen:
            elsewhere.setdefault(seen[table], []).append(panel)
            continue
        seen[table] = name
        yield (f"**{panel}**\n\n" if panel != _OWN_PANEL else "") + table
    for place, panels in elsewhere.items():
        yield f"{', '.join(f'**{each}**' for each in panels)}: as of [{place}](#{place}).\n"


def _usage(argument: Any) -> str:
    name = argument.metavar + ("..." if argument.nargs == -1 and "..." not in argument.metavar else "")
    return name if argument.required else f"[{name}]"


def _short(option: Any) -> str:
    return min(option.opts, key=len)


def _tables(command: Any) -> Iterator[tuple[str, str]]:
    panels: dict[str, list[str]] = {}
    for option in command.params:
        if option.param_type_name == "option":
            panel = getattr(option, "rich_help_panel", None) or _OWN_PANEL
            panels.setdefault(panel, []).append(_row(option))
    for panel, rows in panels.items():
        yield panel, "\n".join(["| option | what it does | default |", "|---|---|---|", *rows, ""])


def _row(option: Any) -> str:
    names = ", ".join(
        sorted((*option.opts, *option.secondary_opts), key=lambda each: not each.startswith("--"))
    )
    value = "" if option.is_flag else f" {option.metavar or option.type.name.upper()}"
    default = option.default if option.show_default and not callable(option.default) else None
    if isinstance(default, (list, tuple)):
        default = ",".join(map(str, default))
    if option.is_flag:
        default = {True: "on"}.get(default)
    shown = "" if default in (None, "") else f"`{default}`"
    help = " ".join((option.help or "").split())
    if f"--{option.name.replace('_', '-')}" not in option.opts and option.name not in _SHOWN_ONLY:
        help += f" In Python `{option.name}`."
    return f"| `{_cell(names + value)}` | {_cell(help)} | {_cell(shown)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
