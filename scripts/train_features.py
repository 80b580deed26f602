#!/usr/bin/env python
"""Trains the feature network that ships with the package: a thinner VGG-19 that learns a teacher's responses.

    python scripts/train_features.py --teacher vgg19.pth --out vidstyle/features/bundled.safetensors

FEATURES.md beside this file tells what was tried and how the shipped file was made.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as processes
from torch import Tensor
from training.distil import Recipe, train
from training.network import LAYERS, NAMES, Network, calibrate, load, mean_activations, save
from training.pictures import generate

LICENCE = "distilled from VGG-19, Simonyan & Zisserman 2014, CC BY 4.0"
OBJECTIVE = (
    "predict the teacher's normalised responses at relu1_1-relu3_4 (squared error as a share of variance) "
    "and Grams at relu1_1, relu2_1, relu3_1, on generated pictures, roughened ones and ones being painted "
    "with the student"
)


def main() -> None:
    options = _options()
    print(f"drawing {options.pool} pictures", flush=True)
    pool = generate(options.pool, options.picture, options.seed, options.workers).share_memory_()
    held = generate(options.held, options.picture, options.seed + 1).share_memory_()
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{folder}/meeting"
        processes.spawn(_work, (options, pool, held, meeting), options.workers)


def _work(rank: int, options: argparse.Namespace, pool: Tensor, held: Tensor, meeting: str) -> None:
    """One process of the training, of one thread: threads wait for each other where cores are shared."""
    torch.set_num_threads(1)
    if options.workers > 1:
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=options.workers)
    teacher = _teacher(options)
    calibrate(teacher, held)
    recipe = Recipe(
        options.steps,
        options.seed,
        options.width,
        options.batch,
        min(options.crop, options.picture),
        options.replay,
        begin=min(options.steps, Recipe.begin),
    )
    student = train(teacher, pool, held[:16], recipe, lambda line: print(line, flush=True))
    if rank == 0:
        _finish(student, held)
        save(student, options.out, _metadata(options))
        print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, channels {recipe.widths()}")
    if options.workers > 1:
        dist.barrier()
        dist.destroy_process_group()


def _teacher(options: argparse.Namespace) -> Network:
    if options.teacher is not None:
        return load(options.teacher)
    torch.manual_seed(options.seed)
    return Network().requires_grad_(False)


def _finish(student: Network, held: Tensor) -> None:
    """Calibrates the student and refuses one with dead channels."""
    means = calibrate(student, held)
    for name in NAMES:
        dead = int((means[name] <= 1e-2 * means[name].mean()).sum())
        if dead:
            print(f"warning: {name} has {dead} dead channels")
    spread = mean_activations(student, held)
    worst = max(float((spread[name] - 1).abs().max()) for name in NAMES)
    print(f"mean activations are 1 within {worst:.1e}")


def _metadata(options: argparse.Namespace) -> dict[str, str]:
    return {
        "name": "vidstyle-student",
        "teacher": LICENCE if options.teacher else "a random network",
        "objective": OBJECTIVE,
        "seed": str(options.seed),
        "steps": str(options.steps),
        "calibrated": "mean activation 1",
        "calibration": "replicate padding, average pooling",
        "layers": f"{LAYERS[0][0]}-{LAYERS[-1][0]}",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--teacher",
        type=Path,
        help="VGG-19 with torchvision's names, .pth or .safetensors, to conv3_4 or deeper",
    )
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument(
        "--width", type=float, default=0.5, help="share of VGG-19's channels in the thinned layers"
    )
    parser.add_argument("--batch", type=int, default=16, help="fresh crops per step and process")
    parser.add_argument(
        "--replay", type=int, default=4, help="crops beside them that are being painted with the student"
    )
    parser.add_argument("--crop", type=int, default=64, help="pixels")
    parser.add_argument("--pool", type=int, default=3000, help="pictures to draw")
    parser.add_argument("--held", type=int, default=128, help="pictures for calibration, not trained on")
    parser.add_argument("--picture", type=int, default=128, help="pixels")
    parser.add_argument("--workers", type=int, default=2, help="processes, of one thread each")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="the whole way at a tiny size, with a random teacher unless one is given",
    )
    options = parser.parse_args()
    if options.smoke:
        tiny = {
            "steps": 6,
            "width": 0.25,
            "batch": 6,
            "replay": 2,
            "crop": 32,
            "pool": 24,
            "held": 8,
            "picture": 40,
            "workers": 1,
        }
        vars(options).update(tiny)
    elif options.teacher is None:
        parser.error("--teacher is needed (only --smoke goes without)")
    return options


if __name__ == "__main__":
    main()
