"""Seconds per stage of a run, and what one optimisation step costs beside the network alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

import vidstyle
from benchmarks.common import Clock, Setting, Table, peak_memory, say, scaled_frames
from vidstyle.image.convert import to_uint16
from vidstyle.image.warp import warp
from vidstyle.job import JobStore
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.pipeline.plan import Plan
from vidstyle.types import Frame, Painted, Prior
from vidstyle.video.pictures import decode_png, encode_png
from vidstyle.video.shots import detect_cuts

FIRST, AFTER = "paint, first frame", "paint, a frame after it"
ALONGSIDE = ("decode", "scale and cuts", "flow both ways and mask")


def run(setting: Setting) -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        count = setting.frames or 8
        plan = setting.plan(Path(folder), frames=f":{count}")
        if plan.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        return [_stages(setting, plan, count), _step(setting, Path(folder), count)]


def _stages(setting: Setting, plan: Plan, count: int) -> Table:
    clock = Clock(plan.device)
    with clock("decode"):
        frames = list(plan.clip.frames(0, count))
    with clock("scale and cuts"):
        scaled = [f for f, _ in detect_cuts(map(plan.scaled, frames), plan.run.cuts, plan.run.cut)]
    painted = _paint(plan, scaled, clock)
    _store_and_encode(plan, frames, painted, clock)
    with clock("whole"):
        vidstyle.stylize(plan.clip.path, setting.style, plan.output, notice=say, **_same(setting, count))
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
        f"peak memory {peak_memory():.0f} MB" + _gpu_memory(plan.device),
    ]
    title = f"stages: {plan.clip.path.name}, {plan.width}x{plan.height}, {count} frames, {_arithmetic(plan)}"
    return Table(title, ("stage", "calls", "s each", "share", "steps"), rows, notes)


def _same(setting: Setting, count: int) -> dict[str, object]:
    return setting.settings(frames=f":{count}", restart=True, overwrite=True)


def _paint(plan: Plan, frames: list[Frame], clock: Clock) -> list[Painted]:
    """Every frame but the first with the one before it, as the pipeline does; flow is found beforehand."""
    flows = []
    for before, after in pairwise(frames):
        with clock("flow both ways and mask"):
            flows.append(plan.flow.between(after, before))
    method = plan.prepare(say)
    with clock(FIRST):
        painted = [method.paint(plan.on_device(frames[0]), [], plan.run.seed)]
    for frame, (flow, weight) in zip(frames[1:], flows, strict=True):
        with clock(AFTER):
            before = warp(painted[-1].image, plan.tensor(flow.vectors), "bicubic")
            prior = Prior(before, plan.tensor(weight), painted[-1].carry)
            painted.append(method.paint(plan.on_device(frame), [prior], plan.run.seed))
    return painted


def _store_and_encode(plan: Plan, frames: list[Frame], painted: list[Painted], clock: Clock) -> None:
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings) as store:
        for frame, result in zip(frames, painted, strict=True):
            with clock("store as 16-bit PNG"):
                store.save_frame(frame.index, encode_png(to_uint16(result.image)))
        with clock("encode"), plan.open_writer(say) as writer:
            for frame in frames:
                pixels, _ = decode_png(store.load_frame(frame.index))
                writer.write(plan.result_frame(frame, pixels))


def _step(setting: Setting, folder: Path, count: int) -> Table:
    """One step at the full size, and the network forward and backward to its deepest layer alone."""
    rows = []
    for precision in ("bfloat16", "float32"):
        plan = setting.plan(folder, precision=precision, frames=f":{count}", temporal_weight=1.0)
        content = plan.on_device(scaled_frames(plan, 1)[0])
        clock = Clock(plan.device)
        few, many = (_painting(setting, folder, precision, content, steps) for steps in (4, 12))
        method = plan.prepare(say)
        assert isinstance(method, NeuralStyle)
        _network(method, content)
        few()
        for _ in range(setting.repeats):
            for name, work in (("few", few), ("many", many)):
                with clock(name):
                    work()
            for _ in range(4):
                with clock("network"):
                    _network(method, content)
        step, network = (clock.least("many") - clock.least("few")) / 8, clock.least("network")
        rows.append((precision, network, step, step / network))
    title = (
        f"one step at {plan.width}x{plan.height}, to {_deepest(method)} ({plan.weights.source.kind} features)"
    )
    return Table(title, ("network in", "forward and backward, s", "whole step, s", "ratio"), rows)


def _painting(
    setting: Setting, folder: Path, precision: str, content: Tensor, steps: int
) -> Callable[[], Painted]:
    """Painting for exactly `steps` steps at the full size alone."""
    settings = {"precision": precision, "next_steps": steps, "tolerance": 0.0, "temporal_weight": 1.0}
    method = setting.plan(folder, **settings).prepare(say)
    prior = Prior(content, torch.ones_like(content[:1]))
    return lambda: method.paint(content, [prior], seed=0)


def _deepest(method: NeuralStyle) -> str:
    return max((*method.recipe.content_layers, *method.style.layers), key=method.features.layers.index)


def _network(method: NeuralStyle, content: Tensor) -> Tensor:
    image = content[None].clone().requires_grad_(True)
    deepest = _deepest(method)
    response = method.features(image, [deepest])[deepest]
    (gradient,) = torch.autograd.grad(response, image, torch.ones_like(response))
    return gradient


def _arithmetic(plan: Plan) -> str:
    return f"{plan.weights.source.kind} features in {str(plan.dtype).removeprefix('torch.')}"


def _gpu_memory(device: torch.device) -> str:
    if device.type != "cuda":
        return ""
    return f", of the GPU {torch.cuda.max_memory_allocated() / 2**20:.0f} MB"
