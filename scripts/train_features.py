#!/usr/bin/env python
"""Trains the feature network that ships with the package: a thinner VGG-19 to conv5_1.

    python scripts/train_features.py --teacher vgg19.pth --out vidstyle/features/bundled.safetensors

To conv3_4 it learns a teacher's responses, above that by contrast between altered copies of pictures.

FEATURES.md beside this file tells what was tried and how the shipped file was made.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as processes
from safetensors import safe_open
from torch import Tensor
from training.contrast import Contrast, deepen
from training.distil import Recipe, train
from training.network import LAYERS, Network, calibrate, load, mean_activations, save
from training.pictures import generate

LICENCE = "distilled from VGG-19, Simonyan & Zisserman 2014, CC BY 4.0"
OBJECTIVE = (
    "predict the teacher's normalised responses at relu1_1-relu3_4 (squared error as a share of variance) "
    "and Grams at relu1_1, relu2_1, relu3_1, on generated pictures, roughened ones and ones being painted "
    "with the student; conv4_1-conv5_1 on top by dense contrast between altered copies of these pictures"
)


def main() -> None:
    options = _options()
    print(f"drawing {options.pool} pictures", flush=True)
    pool = generate(options.pool, options.picture, options.seed, options.workers).share_memory_()
    held = generate(options.held, options.picture, options.seed + 1).share_memory_()
    if options.base is None:
        with tempfile.TemporaryDirectory() as folder:
            meeting = f"file://{folder}/meeting"
            processes.spawn(_work, (options, pool, held, meeting), options.workers)
    _deepen(options, pool, held)


def _deepen(options: argparse.Namespace, pool: Tensor, held: Tensor) -> None:
    """Puts the layers above conv3_4 on the student that is in --base or has just been written."""
    student = load(options.base or options.out).first(len(LAYERS))
    how = Contrast(options.deep_steps, options.seed, options.width, min(options.batch, Contrast.batch))
    network = deepen(student, pool, how, lambda line: print(line, flush=True))
    _finish(network, held, len(LAYERS))
    save(network, options.out, _metadata(options, network))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, channels {network.widths()}")


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
        first=min(options.steps, Recipe.first),
        begin=min(options.steps, Recipe.begin),
    )
    student = train(teacher, pool, held[:16], recipe, lambda line: print(line, flush=True))
    if rank == 0:
        _finish(student, held)
        save(student, options.out, _metadata(options, student))
    if options.workers > 1:
        dist.barrier()
        dist.destroy_process_group()


def _teacher(options: argparse.Namespace) -> Network:
    if options.teacher is not None:
        return load(options.teacher)
    torch.manual_seed(options.seed)
    return Network().requires_grad_(False)


def _finish(student: Network, held: Tensor, done: int = 0) -> None:
    """Calibrates the student from layer `done` on and tells of dead channels."""
    means = calibrate(student, held, done=done)
    for name in student.names:
        dead = int((means[name] <= 1e-2 * means[name].mean()).sum())
        if dead:
            print(f"warning: {name} has {dead} dead channels")
    spread = mean_activations(student, held)
    worst = max(float((spread[name] - 1).abs().max()) for name in student.names)
    print(f"mean activations are 1 within {worst:.1e}")


def _metadata(options: argparse.Namespace, network: Network) -> dict[str, str]:
    return {
        "name": "vidstyle-student",
        "teacher": _origin(options),
        "objective": OBJECTIVE,
        "seed": str(options.seed),
        "steps": f"{options.steps} to {LAYERS[-1][0]}, {options.deep_steps} above",
        "calibrated": "mean activation 1",
        "calibration": "replicate padding, average pooling",
        "layers": f"{network.names[0]}-{network.names[-1]}",
    }


def _origin(options: argparse.Namespace) -> str:
    """Whom the student learnt from, for those who ship it."""
    if options.base is None:
        return LICENCE if options.teacher else "a random network"
    with safe_open(options.base, framework="pt") as file:
        return str((file.metadata() or {}).get("teacher", "unknown"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--teacher",
        type=Path,
        help="VGG-19 with torchvision's names, .pth or .safetensors, to conv3_4 or deeper",
    )
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--base", type=Path, help="a student to conv3_4: train the layers above it alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--deep-steps", type=int, default=1500, help="of the layers above conv3_4")
    parser.add_argument(
        "--width", type=float, default=0.5, help="share of VGG-19's channels in the thinned layers"
    )
    parser.add_argument("--batch", type=int, default=12, help="fresh crops per step and process")
    parser.add_argument(
        "--replay", type=int, default=8, help="crops beside them that are being painted with the student"
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
            "deep_steps": 3,
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
    elif options.teacher is None and options.base is None:
        parser.error("--teacher is needed (only --smoke and --base go without)")
    return options


if __name__ == "__main__":
    main()
