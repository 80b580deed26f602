"""Seconds per stage of a run, and what one optimisation step costs beside the network alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

import vidstyle
from benchmarks.apart import peak_memory
from benchmarks.common import Clock, Setting, Table, arithmetic, first_frame, painter, say, scratch, seen
from vidstyle.events import Hooks
from vidstyle.image.warp import warp
from vidstyle.job import JobStore
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.pipeline.encoding import encode
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stored import save_painted
from vidstyle.types import Frame, Painted, Prior
from vidstyle.video.shots import detect_cuts

FIRST, AFTER = "paint, first frame", "paint, a frame after it"
ALONGSIDE = ("decode", "scale and cuts", "flow both ways and mask")


def run(setting: Setting) -> list[Table]:
    with scratch() as folder:
        count = setting.frames or 8
        plan = setting.plan(folder, frames=f":{count}")
        if plan.canvas.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        return [_stages(setting, plan, count), _step(setting, folder, count)]


def _stages(setting: Setting, plan: Plan, count: int) -> Table:
    clock = Clock(plan.canvas.device)
    with clock("decode"):
        frames = list(plan.clip.frames(0, count))
    with clock("scale and cuts"):
        scaled = [f for f, _ in detect_cuts(map(plan.canvas.scaled, frames), plan.run.cuts, plan.run.cut)]
    painted = _paint(plan, scaled, clock)
    _store_and_encode(plan, frames, painted, clock)
    with clock("whole"):
        again = setting.settings(frames=f":{count}", restart=True, overwrite=True)
        vidstyle.stylize(plan.clip.path, setting.style, plan.output, notice=say, **again)
    steps = {FIRST: painted[0].steps, AFTER: sum(p.steps for p in painted[1:]) / max(1, len(painted) - 1)}
    calls = {FIRST: 1, AFTER: count - 1, "flow both ways and mask": count - 1}
    each_total = sum(clock.total(stage) for stage in clock.seconds if stage != "whole")
    rows = [
        (
            stage,
            calls.get(stage, count),
            clock.total(stage) / max(1, calls.get(stage, count)),
            f"{clock.total(stage) / each_total:.1%}",
            steps.get(stage, ""),
        )
        for stage in clock.seconds
        if stage != "whole"
    ]
    hidden = sum(clock.total(stage) for stage in ALONGSIDE)
    notes = [
        f"one after the other {each_total:.2f} s; a whole run {clock.total('whole'):.2f} s, "
        f"{clock.total('whole') / count:.2f} s per frame (it reads, scales and finds flow while painting: "
        f"{hidden:.2f} s)",
        f"peak memory {peak_memory():.0f} MB" + _gpu_memory(plan.canvas.device),
    ]
    title = f"stages: {plan.clip.path.name}, {_size(plan)}, {count} frames, {arithmetic(plan)}"
    return Table(title, ("stage", "calls", "s each", "share", "steps"), rows, notes)


def _paint(plan: Plan, frames: list[Frame], clock: Clock) -> list[Painted]:
    """Every frame but the first with the one before it, as the pipeline does; flow is found beforehand."""
    flows = []
    for before, after in pairwise(frames):
        with clock("flow both ways and mask"):
            flows.append(plan.flow.between(after, before))
    method = painter(plan)
    with clock(FIRST):
        painted = [method.paint(plan.canvas.content(frames[0]), [], plan.run.seed)]
    for frame, (flow, weight) in zip(frames[1:], flows, strict=True):
        with clock(AFTER):
            vectors = plan.canvas.tensor(flow.vectors)
            warped = warp(painted[-1].image, vectors, "spline")
            prior = Prior(warped, plan.canvas.tensor(weight), painted[-1].carry, vectors)
            painted.append(method.paint(plan.canvas.content(frame), [prior], plan.run.seed))
    return painted


def _store_and_encode(plan: Plan, frames: list[Frame], painted: list[Painted], clock: Clock) -> None:
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings) as job:
        store = job.of_pass(1)
        store.prepare()
        for frame, result in zip(frames, painted, strict=True):
            with clock("store as 16-bit PNG"):
                save_painted(job, store, frame.index, result)
        with clock("encode"):
            encode(plan, store, Hooks(notice=say))


def _step(setting: Setting, folder: Path, count: int) -> Table:
    """One step at the full size, and the network forward and backward to its deepest layer alone."""
    rows = []
    for precision in ("bfloat16", "float32"):
        exact = {"precision": precision, "frames": f":{count}", "tolerance": 0.0, "temporal_weight": 1.0}
        few, many = (setting.plan(folder, next_steps=steps, **exact) for steps in (4, 12))
        method, content, clock = painter(few), first_frame(few), Clock(few.canvas.device)
        paintings = {"few": method, "many": painter(many)}
        _network(method, content)
        method.paint(content, [seen(content)], seed=0)
        for _ in range(setting.repeats):
            for name, painting in paintings.items():
                with clock(name):
                    painting.paint(content, [seen(content)], seed=0)
            for _ in range(4):
                with clock("network"):
                    _network(method, content)
        step, network = (clock.least("many") - clock.least("few")) / 8, clock.least("network")
        rows.append((precision, network, step, step / network))
    kind = few.engine.weights.source.kind
    title = f"one step at {_size(few)}, to {_deepest(method)} ({kind} features)"
    return Table(title, ("network in", "forward and backward, s", "whole step, s", "ratio"), rows)


def _deepest(method: NeuralStyle) -> str:
    return max((*method.recipe.content_layers, *method.style.layers), key=method.features.layers.index)


def _network(method: NeuralStyle, content: Tensor) -> Tensor:
    image = content[None].clone().requires_grad_(True)
    deepest = _deepest(method)
    response = method.features(image, [deepest])[deepest]
    (gradient,) = torch.autograd.grad(response, image, torch.ones_like(response))
    return gradient


def _size(plan: Plan) -> str:
    return f"{plan.canvas.width}x{plan.canvas.height}"


def _gpu_memory(device: torch.device) -> str:
    if device.type != "cuda":
        return ""
    return f", of the GPU {torch.cuda.max_memory_allocated() / 2**20:.0f} MB"
