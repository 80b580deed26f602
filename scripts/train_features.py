#!/usr/bin/env python
"""Trains the feature network that ships with the package: a thinner VGG-19 to conv5_1.

    python scripts/train_features.py --photographs FOLDER --out vidstyle/features/bundled.safetensors

It learns the responses of VGG-19, the one that `--features vgg19` paints with, to photographs and to
generated pictures. FEATURES.md beside this file tells what was tried and how the shipped file was made.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from training.distil import Recipe, train
from training.network import (
    NAMES,
    RANKS,
    WIDTHS,
    Network,
    calibrate,
    from_tensors,
    load,
    mean_activations,
    save,
)
from training.pictures import generate, photographs

from vidstyle.features import weights

LICENCE = "distilled from VGG-19, Simonyan & Zisserman 2014, CC BY 4.0"
OBJECTIVE = (
    "predict the teacher's responses at conv1_1-conv5_1 (squared error as a share of variance) and its "
    "Grams at relu1_1, relu2_1, relu3_1, relu4_1, relu5_1, on photographs, generated pictures, roughened "
    "ones and ones being painted with the student"
)


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    print(f"drawing {options.pool} pictures", flush=True)
    drawn = generate(options.pool, options.picture, options.seed)
    pools: list[Sequence[Tensor]] = [list(drawn.mul(255).round().byte())]
    if options.photographs is not None:
        pools.append(photographs(options.photographs, options.sides))
    held = generate(options.held, options.picture, options.seed + 1)
    teacher = _teacher(options)
    calibrate(teacher, held)
    recipe = Recipe(
        options.steps,
        options.seed,
        options.batch,
        options.replay,
        options.crop,
        positions=options.positions,
        ranks=_narrow(RANKS) if options.smoke else RANKS,
    )
    report = lambda line: print(line, flush=True)  # noqa: E731
    checkpoint = options.out.with_suffix(".training")
    earlier = None if options.earlier is None else load(options.earlier)
    student = train(teacher, pools, held[:48], recipe, report, checkpoint, earlier)
    _finish(student, held)
    save(student, options.out, _metadata(options, student))
    checkpoint.unlink(missing_ok=True)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, ranks {student.ranks}")


def _teacher(options: argparse.Namespace) -> Network:
    if options.teacher is not None:
        return load(options.teacher, len(NAMES))
    if options.smoke:
        torch.manual_seed(options.seed)
        return Network(_narrow(WIDTHS)).requires_grad_(False)
    return from_tensors(weights.load(weights.find("vgg19")).tensors, "VGG-19", len(NAMES))


def _narrow(widths: tuple[int, ...]) -> tuple[int, ...]:
    """For trying the way alone."""
    return tuple(-(-width // 8) for width in widths)


def _finish(student: Network, held: Tensor) -> None:
    """Calibrates the student and tells of dead channels."""
    means = calibrate(student, held)
    for name in student.names:
        dead = int((means[name] <= 1e-3 * means[name].mean()).sum())
        if dead:
            print(f"warning: {name} has {dead} dead channels")
    spread = mean_activations(student, held)
    worst = max(float((spread[name].mean() - 1).abs()) for name in student.names)
    print(f"mean activations are 1 within {worst:.1e}")


def _metadata(options: argparse.Namespace, network: Network) -> dict[str, str]:
    return {
        "name": "vidstyle-student",
        "teacher": "a random network" if options.smoke else LICENCE,
        "objective": OBJECTIVE,
        "seed": str(options.seed),
        "steps": str(options.steps),
        "calibrated": "mean activation 1",
        "calibration": "reflection at borders, average pooling",
        "layers": f"{network.names[0]}-{network.names[-1]}",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--teacher",
        type=Path,
        help="another VGG-19, with torchvision's names, .pth or .safetensors; the original if not given",
    )
    parser.add_argument("--photographs", type=Path, help="folder of photographs to learn from as well")
    parser.add_argument(
        "--out", type=Path, required=True, help="safetensors file to write; checkpoints lie beside it"
    )
    parser.add_argument(
        "--earlier", type=Path, help="a student to go on from, up to its first layer of another rank"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--batch", type=int, default=Recipe.batch, help="fresh crops per step")
    parser.add_argument(
        "--replay", type=int, default=Recipe.replay, help="crops beside them, being painted with the student"
    )
    parser.add_argument(
        "--positions", type=int, default=Recipe.positions, help="of which each layer's regression is made"
    )
    parser.add_argument("--crop", type=int, default=Recipe.crop, help="pixels")
    parser.add_argument("--pool", type=int, default=2000, help="pictures to draw")
    parser.add_argument("--held", type=int, default=128, help="pictures for calibration, not trained on")
    parser.add_argument("--picture", type=int, default=128, help="pixels of a drawn picture")
    parser.add_argument(
        "--sides", type=int, nargs="+", default=[128, 192, 288], help="short sides of photographs, pixels"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="the whole way at a tiny size, with narrow networks and a random teacher",
    )
    options = parser.parse_args()
    if options.smoke:
        tiny = {
            "steps": 6,
            "batch": 2,
            "replay": 2,
            "crop": 32,
            "pool": 12,
            "held": 8,
            "picture": 40,
            "positions": 400,
        }
        vars(options).update(tiny | {"sides": [40], "teacher": None, "earlier": None})
    return options


if __name__ == "__main__":
    main()
