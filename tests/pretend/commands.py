"""The spine of every command: what is read, painted, stored, gone on with and written."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torchvision.models.optical_flow import raft_small

from tests.live.small import write_untaught
from tests.methods.painters import tiny_weights
from tests.methods.student.small import TINY
from tests.pipeline.painting import pictures
from tests.video.clip_makers import make_video, scene, write_image
from vidstyle.cli import main
from vidstyle.learning import fast, teaching
from vidstyle.methods.colour import learning as colour_learning
from vidstyle.methods.colour import method as colour_method
from vidstyle.methods.student import training

_SIZE = (48, 32)
_WEIGHTS = "--features weights.safetensors"
_FINDS = f"{_WEIGHTS} --precision float32"
_QUICK = f"{_FINDS} --steps 2 --next-steps 2"
_REGIONS = "--labels labels.png --style-labels style_labels.png"

SPINES = {
    "style": f"style clip.mp4 style.png -o out {_QUICK} --passes 2 --loop",
    "style by bfloat16": f"style clip.mp4 style.png -o out {_QUICK} --precision bfloat16 --color content",
    "style of regions": f"style clip.mp4 style.png -o out {_QUICK} {_REGIONS} --mask mask.png",
    "style of a still": f"style still.png style.png other.png -o out.png {_QUICK} --save-every 1",
    "style in tiles": f"style clip.mp4 style.png -o out {_QUICK} --size 80 --tile-size 64 --frames :2",
    "style by RAFT": f"style clip.mp4 style.png -o out {_QUICK} --flow raft-small --flow-weights raft.pth",
    "photo": f"style clip.mp4 style.png -o out {_QUICK} --photo --frames :3",
    "resume": f"style clip.mp4 style.png -o out {_QUICK} --loss patch --frames :2 --job job --keep; "
    f"style clip.mp4 style.png -o out {_QUICK} --loss patch --frames :2 --job job; resume job",
    "style --fast": f"style longer.mp4 style.png -o out {_QUICK} --fast",
    "student": "style clip.mp4 -o out --look look.safetensors",
    "learn": "learn style.png -o new.safetensors --from dark --steps 3 --pictures 1 --size 64 --no-begin "
    f"{_FINDS}; style clip.mp4 -o out --look new.safetensors",
    "analogy": f"analogy clip.mp4 style.png -o out {_FINDS} --steps 2 --sweeps 1 --match-size 24 --frames :2",
    "dfi": f"dfi clip.mp4 -o out {_QUICK} --source dark --target bright --save-vector vector.safetensors; "
    f"dfi still.png -o again.png {_QUICK} --vector vector.safetensors --strength 0.5,1",
    "texture": f"texture style.png -o out {_QUICK} --size 40x32 --frames 3 --tile",
    "keys": f"keys clip.mp4 --key 0=key0.png --key 3=key3.png -o out {_WEIGHTS}",
    "fill": "fill clip.mp4 --mask mask.png -o out --by diffusion --frames :2",
    "colorize": "colorize clip.mp4 --learn-from dark -o out",
    "colorize by keys": f"colorize clip.mp4 --key 0=key0.png -o out {_WEIGHTS}",
    "live": "live clip.mp4 --look look.safetensors --no-window -o out",
    "flow": "flow clip.mp4 -o flows --flow raft-small --flow-weights raft.pth --frames :2",
    "evaluate": f"evaluate clip.mp4 clip.mp4 --style style.png {_WEIGHTS} --json figures.json",
}
"""By what is tried: command lines, one after another, in a folder that `prepare` has made. The device is
added. What comes out is all pictures, flows and figures that the folder then holds beside."""


def prepare() -> None:
    """Clips, pictures, maps and weights, all small, in the current folder."""
    random = np.random.default_rng(1)
    make_video(Path("clip.mp4"), size=_SIZE, count=4)
    make_video(Path("longer.mp4"), size=_SIZE, count=10)
    for name, size in {"style.png": (40, 50), "other.png": (36, 44)}.items():
        write_image(Path(name), random.integers(0, 255, (*size, 3), np.uint8))
    for name, least in (("dark", 0), ("bright", 120)):
        Path(name).mkdir()
        for i in range(5):
            pixels = random.integers(least, least + 130, (40, 60, 3), np.uint8)
            write_image(Path(name) / f"{i}.png", pixels)
    for name, (width, height) in {"labels.png": _SIZE, "style_labels.png": (50, 40)}.items():
        halves = np.zeros((height, width, 3), np.uint8)
        halves[:, : width // 2, 0] = halves[:, width // 2 :, 2] = 255
        write_image(Path(name), halves)
    white = np.zeros((_SIZE[1], _SIZE[0], 3), np.uint8)
    white[10:18, 14:26] = 255
    write_image(Path("mask.png"), white)
    write_image(Path("still.png"), scene(60, 44, 0))
    for index in (0, 3):
        write_image(Path(f"key{index}.png"), 255 - scene(*_SIZE, index))
    save_file(tiny_weights(), "weights.safetensors")
    write_untaught(Path("look.safetensors"))
    torch.manual_seed(3)
    torch.save(raft_small(weights=None).state_dict(), "raft.pth")


def make_small() -> None:
    """Little is learnt, and always as much, whatever the time."""
    training.SIDE = 32
    teaching.Plan = lambda: TINY  # type: ignore[assignment, misc]
    teaching.BASE = "none"
    fast.affordable_pictures = lambda each, seconds, most: 3  # type: ignore[assignment]
    teaching.Teacher.affordable = lambda self, seconds: 3  # type: ignore[method-assign]
    colour_method._STEPS, colour_method._VIEWS, colour_learning._BATCH = 2, 1, 2


def run(spine: str, device: str) -> dict[str, np.ndarray]:
    """Every command line of a spine in the current folder; what they have made, by name.

    Raises RuntimeError with what was told where one fails.
    """
    before = set(Path().rglob("*"))
    for line in SPINES[spine].split("; "):
        words = line.split()
        if words[0] != "resume":
            words += ["--device", device]
        told = StringIO()
        with redirect_stderr(told), redirect_stdout(told):
            code = main([*words, "--quiet"])
        if code:
            raise RuntimeError(f"{line}: exit code {code}: {told.getvalue()}")
    return {str(path): _values(path) for path in sorted(set(Path().rglob("*")) - before) if _shows(path)}


def _shows(path: Path) -> bool:
    return path.suffix in (".png", ".flo", ".json") and ".vidstyle" not in str(path)


def _values(path: Path) -> np.ndarray:
    if path.suffix == ".flo":
        return np.fromfile(path, np.float32, offset=12)
    if path.suffix == ".json":
        return np.array(_numbers(json.loads(path.read_text())))
    return pictures(path)[0].astype(float) / 65535


def _numbers(found: object) -> list[float]:
    if isinstance(found, dict):
        return [number for key in sorted(found) for number in _numbers(found[key])]
    if isinstance(found, list):
        return [number for each in found for number in _numbers(each)]
    return [found] if isinstance(found, float) else []
