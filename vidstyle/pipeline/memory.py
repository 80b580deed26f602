"""Painting with less where the memory of the device runs out."""

from __future__ import annotations

from dataclasses import replace

from vidstyle.device import pick_dtype
from vidstyle.errors import OutOfMemory
from vidstyle.options.base import option_name
from vidstyle.pipeline.plan import Plan


def narrowed(plan: Plan, times: int = 1) -> Plan:
    """A plan that takes less memory and paints nearly the same.

    times: in how many steps. Raises OutOfMemory where nothing takes less.
    """
    for _ in range(times):
        canvas = plan.canvas
        options = plan.method.narrower(plan.options, canvas.width, canvas.height)
        if options is None:
            raise OutOfMemory(_given_up(plan))
        plan = replace(plan, options=options, inputs=replace(plan.inputs, options=options))
    return plan


def told(before: Plan, after: Plan) -> str:
    """A line for the user on what was changed."""
    old, new = vars(before.options), vars(after.options)
    settings = ", ".join(f"{option_name(name)} {new[name]}" for name in new if new[name] != old[name])
    return f"{_run_out(before)}; from here on it is done with {settings}"


def _run_out(plan: Plan) -> str:
    return f"out of memory painting {plan.canvas.width}x{plan.canvas.height}"


def _given_up(plan: Plan) -> str:
    less = " or ".join(["--size", *plan.method.lighter])
    quick = pick_dtype("auto", plan.canvas.device)
    exact = plan.engine.dtype.itemsize > quick.itemsize and plan.method.uses_features
    arithmetic = f", or --precision {str(quick).removeprefix('torch.')}" if exact else ""
    return f"{_run_out(plan)}; choose a smaller {less}{arithmetic}; what is painted is kept"
