"""The jobs that are struck: small ones of every method, with a network of a few channels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from samples.weights import write_weights

from vidstyle.video.pictures import write_picture

CLIP = Path(__file__).resolve().parents[2] / "sample_videos" / "cut.mp4"


@dataclass
class Trial:
    """One method: its command, and how it fared."""

    name: str
    arguments: list[str]
    output: str
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    jobs: int = 0
    faults: list[str] = field(default_factory=list)


def make_materials(folder: Path) -> None:
    """thin.safetensors, a network of a few channels; style.png; still.png; dark/ and bright/, sets."""
    folder.mkdir()
    write_weights(folder / "thin.safetensors", [4] * 8)
    noise = np.random.default_rng(0)
    write_picture(folder / "style.png", noise.integers(0, 255, (3, 40, 50), np.uint8))
    write_picture(folder / "still.png", noise.integers(60, 190, (3, 32, 48), np.uint8))
    for name, low in (("dark", 0), ("bright", 120)):
        (folder / name).mkdir()
        for i in range(6):
            write_picture(folder / name / f"{i}.png", noise.integers(low, low + 130, (3, 30, 44), np.uint8))


def make_trials(materials: Path) -> list[Trial]:
    """Every method, and between them every kind of result: with sound, lossless, folders, files beside."""
    style, still = str(materials / "style.png"), str(materials / "still.png")
    common = ["--features", str(materials / "thin.safetensors"), "--precision=float32", "--device=cpu"]
    common += ["--json-progress"]
    few = ["--steps=2", "--next-steps=2"]
    clip = ["--frames=:4", "--size=48"]
    paint = ["style", str(CLIP), style, *clip, *few, "--tolerance=0"]
    sets = ["--source", str(materials / "dark"), "--target", str(materials / "bright"), *few]
    match = [
        "analogy",
        str(CLIP),
        style,
        "--frames=:3",
        "--size=32",
        "--levels=3",
        "--route=warp",
        "--sweeps=1",
    ]
    commands = {
        "style": ([*paint, "--history=1", "--cut=2"], "out.mp4"),
        "style-passes": ([*paint, "--passes=3", "--codec=ffv1"], "out.mkv"),
        "style-history": ([*paint, "--history=1,2,3"], "out"),
        "style-pattern": ([*paint, "--frames=1:3"], "made/%04d.png"),
        "style-steps": (["style", still, style, "--steps=6", "--tolerance=0", "--save-every=1"], "out.png"),
        "analogy": ([*match, "--codec=ffv1", "--save-fields=fields"], "out.mkv"),
        "dfi": (["dfi", str(CLIP), *clip, *sets, "--save-vector=v.safetensors", "--codec=ffv1"], "out.mkv"),
        "dfi-still": (["dfi", still, *sets, "--strength=0.5,1"], "out.png"),
        "texture": (["texture", style, "--size=40x32", "--frames=4", *few, "--tile"], "out.mkv"),
    }
    return [Trial(name, [*line, *common, "-o", out], out) for name, (line, out) in commands.items()]
