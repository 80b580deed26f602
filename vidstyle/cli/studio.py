"""The command that shows the page for those who do not type commands."""

from __future__ import annotations

import os
from typing import Any

import typer

from vidstyle.cli.options import with_options
from vidstyle.options.studio import PASSWORD_VARIABLE, StudioOptions
from vidstyle.options.written import collect
from vidstyle.text import printable


@with_options(Page=StudioOptions)
def studio(**values: Any) -> None:
    """Paint in the browser instead of here: a page on this machine, which sends nothing anywhere."""
    given = {**values, "password": values["password"] or os.environ.get(PASSWORD_VARIABLE)}
    options = collect(StudioOptions, given)

    from vidstyle.studio.server import serve

    serve(options, lambda line: typer.echo(printable(line)))
