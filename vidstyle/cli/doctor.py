"""`vidstyle doctor`: what a user pastes into a report of a fault."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from vidstyle.plain import json_text


def doctor(
    *,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Paint a small clip, about ten seconds.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> int:
    """Show versions, device, codecs, weights and free disk, and try whether painting works.

    The exit code is 1 where something is wrong.
    """
    from vidstyle.doctor import examine

    findings = []
    for finding in examine(self_test):
        findings.append(finding)
        if not as_json:
            typer.echo(f"{finding.name}: {finding.value}")
    faults = [finding for finding in findings if finding.fault]
    if as_json:
        typer.echo(json_text({"findings": [asdict(each) for each in findings]}))
    else:
        typer.echo("\n".join(f"fault: {each.name}: {each.fault}" for each in faults) or "no fault found")
    return 1 if faults else 0
