"""Deep feature interpolation: edits whose right answer is drawn."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vidstyle.errors import UsageError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.flow.estimators import DISFlow
from vidstyle.image.convert import to_uint8
from vidstyle.methods.dfi.attribute import BetweenSets, FillHole, GivenVector
from vidstyle.methods.dfi.cache import FeatureCache
from vidstyle.methods.dfi.features import LAYERS, SetFeatures, View, fill
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.dfi.painter import Dfi, _place
from vidstyle.methods.dfi.sets import PictureSet, open_set
from vidstyle.types import Prior
from vidstyle.video.pictures import write_picture

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
from samples.faces import Face, draw, random_face, with_attributes

SIDE = 64


def drawn(face: Face, side: int = SIDE) -> torch.Tensor:
    return torch.from_numpy(draw(face, side)).float() / 255


def faces(folder: Path, count: int, seed: int, glasses: bool) -> PictureSet:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for i in range(count):
        write_picture(folder / f"{i}.png", draw(random_face(rng, rng.uniform(-1, 1), glasses), SIDE))
    return open_set(folder)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[PictureSet, PictureSet]:
    """Faces without glasses, and faces with them."""
    root = tmp_path_factory.mktemp("faces")
    return faces(root / "plain", 150, 1, False), faces(root / "glasses", 150, 2, True)


@pytest.fixture(scope="module")
def features(bundled: Weights, tmp_path_factory: pytest.TempPathFactory) -> SetFeatures:
    cache = FeatureCache(tmp_path_factory.mktemp("features"))
    return SetFeatures(VGG(bundled.tensors, "max"), bundled.digest, cache=cache, batch=16)


@dataclass
class Case:
    """A face that is to wear glasses, and the truth; eyes is rows and columns of the picture."""

    method: Dfi
    content: torch.Tensor
    truth: torch.Tensor
    eyes: tuple[slice, slice]


@pytest.fixture(scope="module")
def case(sets: tuple[PictureSet, PictureSet], features: SetFeatures) -> Case:
    face = random_face(np.random.default_rng(77), 0.3)
    x, y = (int(SIDE * place) for place in face.landmarks[:2].mean(axis=0))
    attribute = BetweenSets(features, *sets, count=60)
    options = DfiOptions(strength=(0.0, 0.75, 1.5), steps=80)
    eyes = slice(y - 8, y + 9), slice(x - 18, x + 19)
    truth = drawn(with_attributes(face, glasses=True))
    return Case(Dfi(features, [attribute], options), drawn(face), truth, eyes)


def series(method: Dfi, content: torch.Tensor) -> list[torch.Tensor]:
    """A still at every strength."""
    painted = method.paint(content, [], 0)
    return list(painted.carry["series"]) if "series" in painted.carry else [painted.image]


def rms(difference: torch.Tensor) -> float:
    return float(difference.square().mean().sqrt())


def towards(case: Case, image: torch.Tensor) -> float:
    """How far along the way from the content to the truth, in the eyes' region: 0 to 1 and beyond."""
    way = (case.truth - case.content)[:, *case.eyes]
    return float(((image - case.content)[:, *case.eyes] * way).sum() / way.square().sum())


def test_glasses_come_where_they_belong_and_grow_with_the_strength(case: Case) -> None:
    none, half, more = series(case.method, case.content)
    assert torch.equal(none, case.content)
    assert 0.05 < towards(case, half) < towards(case, more)
    assert towards(case, more) > 0.2
    assert rms(more - case.truth) < 0.9 * rms(case.content - case.truth)
    rest = torch.ones(1, SIDE, SIDE)
    rest[:, *case.eyes] = 0
    assert rms(rest * (more - case.content)) < 0.6 * rms((1 - rest) * (more - case.content))


def test_features_move_along_the_vector_in_proportion_to_the_strength(case: Case) -> None:
    """Nearly: shapes that the picture has not yet cost R_TV more than in proportion while they are faint."""
    method, features = case.method, case.method.features
    carry = method.paint(case.content, [], seed=0).carry
    vector = method.vector(carry).layers

    def along(image: torch.Tensor) -> float:
        before, after = (features.full(each[None]) for each in (case.content, image))
        moved = [((after[layer][0] - before[layer][0]) * part).sum() for layer, part in vector.items()]
        return float(sum(moved) / sum(part.square().sum() for part in vector.values()))

    none, half, more = (along(image) for image in series(method, case.content))
    assert none == 0 and 0.75 * 0.6 < half < 0.75 * 1.1
    assert 1.6 * half < more < 2.5 * half


def test_a_negative_strength_goes_the_other_way(case: Case) -> None:
    options = DfiOptions(strength=(-1.0,), steps=60)
    [image] = series(Dfi(case.method.features, case.method.attributes, options), case.content)
    assert towards(case, image) < -0.02


def test_two_attributes_at_once_can_cancel(case: Case) -> None:
    [there] = case.method.attributes
    assert isinstance(there, BetweenSets)
    back = replace(there, source=there.target, target=there.source)
    method = Dfi(case.method.features, [there, back], DfiOptions())
    assert torch.equal(method.paint(case.content, [], 0).image, case.content)


def test_a_large_picture_stays_sharp(case: Case) -> None:
    large = drawn(random_face(np.random.default_rng(77), 0.3), 4 * SIDE)
    options = DfiOptions(strength=(1.5,), steps=40, edit_size=SIDE)
    [image] = series(Dfi(case.method.features, case.method.attributes, options), large)
    assert float((image - large).abs().max()) > 0.05
    # The change is smooth at this size: the grain of the picture is as it was.
    grain = [(i[:, 1:] - i[:, :-1]).abs().median() for i in (image, large)]
    assert float(grain[0]) == pytest.approx(float(grain[1]), rel=0.1)


def test_colours_can_be_kept(case: Case) -> None:
    away = {}
    for color in ("edit", "content"):
        options = DfiOptions(steps=20, color=color, color_weight=0)
        [image] = series(Dfi(case.method.features, case.method.attributes, options), case.content)
        away[color] = float((image - case.content).mean(dim=(1, 2)).abs().max())
    assert away["content"] < 0.5 * away["edit"] and away["content"] < 0.01


def test_a_hole_is_filled_from_one_set(sets: tuple[PictureSet, PictureSet], features: SetFeatures) -> None:
    """An eye begins to come back in the smooth colours that the hole is filled with."""
    face = random_face(np.random.default_rng(78), 0.3)
    x, y = (int(SIDE * place) for place in face.landmarks[0])
    hole = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    hole[:, y - 5 : y + 6, x - 6 : x + 7] = True
    truth = drawn(face)
    damaged = torch.where(hole, torch.ones(()), truth)
    method = Dfi(features, [FillHole(features, sets[0], 60)], DfiOptions(steps=80), hole=hole)
    image = method.paint(damaged, [], 0).image
    inside = hole.expand(3, -1, -1)
    assert torch.equal(image[~inside], truth[~inside])
    way = (truth - fill(damaged, hole))[inside]
    assert float(((image - fill(damaged, hole))[inside] * way).sum()) > 0.1 * float(way.square().sum())
    assert rms((image - truth)[inside]) < 1.1 * rms(way)


def test_a_stored_vector_gives_the_same_edit(case: Case) -> None:
    [learnt] = case.method.attributes
    view = View((SIDE, SIDE))
    vector = learnt.vector(learnt.choose(case.content, view), view)
    options = DfiOptions(steps=5)
    features = case.method.features
    images = [
        Dfi(features, [attribute], options).paint(case.content, [], 0).image
        for attribute in (learnt, GivenVector(features, vector))
    ]
    assert torch.allclose(*images, atol=1e-5)


def test_a_shot_has_one_vector_that_moves_with_it(case: Case) -> None:
    """The second frame is the first one shifted: so is the vector, though its neighbours are the first's."""
    method, moved = case.method, case.content.roll(8, dims=2)
    carry = method._begin(case.content)
    after = carry | {"place": _place(moved, Prior(moved, torch.ones(1, SIDE, SIDE), carry))}
    first, second = method._task(case.content, carry).change, method._task(moved, after).change
    for layer, step in zip(LAYERS[:2], (2, 1), strict=True):
        still, shifted = (rms(second[layer] - c) for c in (first[layer], first[layer].roll(step, dims=2)))
        assert shifted < 0.5 * still
    painted = method.paint(case.content, [], 0)
    again = method.paint(
        moved, [Prior(painted.image.roll(8, dims=2), torch.ones(1, SIDE, SIDE), painted.carry)], 0
    )
    assert all(torch.equal(painted.carry[name], again.carry[name]) for name in ("anchor", "neighbors0"))


def test_what_has_gone_far_is_still_found() -> None:
    """A face goes through the picture, bowing: its eyes and mouth lead to those of the first frame."""
    side, count = 96, 12
    face = replace(random_face(np.random.default_rng(5), -0.7), radii=(0.15, 0.19))
    faces = [
        replace(face, centre=(0.22 + 0.55 * i / count, 0.5), tilt=0.3 * np.sin(i / 3), grain=i)
        for i in range(count)
    ]
    frames = [drawn(each, side) for each in faces]
    carry = {"anchor": torch.from_numpy(draw(faces[0], side)), "place": torch.zeros(2, side, side)}
    for before, now in itertools.pairwise(frames):
        vectors = torch.from_numpy(DISFlow()(to_uint8(now), to_uint8(before)))
        prior = Prior(before, torch.ones(1, side, side), carry, vectors)
        carry = carry | {"place": _place(now, prior)}
    here, there = (side * each.landmarks - 0.5 for each in (faces[-1], faces[0]))
    assert np.linalg.norm(there - here, axis=1).min() > 40
    for (x, y), way in zip(np.rint(here).astype(int), there - here, strict=True):
        assert np.linalg.norm(carry["place"][:, y, x].numpy() - way) < 1.5


def test_priors_steady_the_edit(case: Case) -> None:
    """Nothing moves but the grain of the film: held frames differ less than independent ones, by half."""
    noise = [0.02 * torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    frames = [(case.content + n).clamp(0, 1) for n in noise]
    change: dict[bool, float] = {}
    for independent in (False, True):
        options = DfiOptions(strength=(1.5,), steps=60, next_steps=25, independent=independent)
        method = Dfi(case.method.features, case.method.attributes, options)
        painted = [method.paint(frames[0], [], 0)]
        for frame in frames[1:]:
            # What moves is known to be nothing: the edit before, on this frame's grain.
            earlier = painted[-1].image - frames[len(painted) - 1] + frame
            prior = Prior(earlier.clamp(0, 1), torch.ones(1, SIDE, SIDE), painted[-1].carry)
            painted.append(method.paint(frame, [prior], 0))
        edits = [p.image - f for p, f in zip(painted, frames, strict=True)]
        change[independent] = sum(rms(b - a) for a, b in itertools.pairwise(edits))
    assert change[False] < 0.5 * change[True]


def test_options_that_do_not_fit() -> None:
    with pytest.raises(UsageError, match="--strength needs"):
        DfiOptions(strength=())
    with pytest.raises(UsageError, match="--scaling must be one of raw, beta"):
        DfiOptions(scaling="gamma")
    with pytest.raises(UsageError, match="--edit-size must be at least 16"):
        DfiOptions(edit_size=8)
