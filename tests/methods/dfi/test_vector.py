"""Features of sets and the vector between them, from sets whose difference is known."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.methods.painters import tiny_network
from vidstyle.errors import MediaError, WeightsError
from vidstyle.image.convert import to_float
from vidstyle.methods.dfi.attribute import BetweenSets, FillHole, GivenVector, combined, nearest
from vidstyle.methods.dfi.cache import FeatureCache, cache_key
from vidstyle.methods.dfi.features import LAYERS, SetFeatures, View, cover, fill
from vidstyle.methods.dfi.landmarks import ListedLandmarks
from vidstyle.methods.dfi.sets import PictureSet, open_set
from vidstyle.methods.dfi.vector import AttributeVector, load_vector
from vidstyle.video.pictures import read_picture, write_picture

SIZE = (40, 48)


def random_set(folder: Path, count: int, seed: int, size: tuple[int, int] = SIZE) -> PictureSet:
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for i in range(count):
        write_picture(folder / f"{i}.png", rng.integers(0, 256, (3, *size), dtype=np.uint8))
    return open_set(folder)


def features_of(tmp_path: Path | None = None, **settings: object) -> SetFeatures:
    cache = None if tmp_path is None else FeatureCache(tmp_path / "cache")
    return SetFeatures(tiny_network(), "f" * 64, cache=cache, **settings)  # type: ignore[arg-type]


def test_the_mean_over_a_stream_is_the_mean_over_all(tmp_path: Path) -> None:
    pictures = random_set(tmp_path / "set", 11, 1)
    places = [10, 0, 3, 4, 5, 6, 7]
    stack = torch.stack([to_float(read_picture(pictures.paths[i])[0]) for i in places])
    features = features_of(batch=3)
    wanted = {layer: found.mean(dim=0) for layer, found in features.full(stack).items()}
    found = features.mean(pictures, places, View(SIZE))
    assert list(found) == list(LAYERS)
    for layer in LAYERS:
        assert torch.allclose(found[layer], wanted[layer], rtol=1e-3, atol=1e-3)  # half precision


def test_a_cache_changes_nothing_but_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, view = random_set(tmp_path / "set", 9, 1), View(SIZE)

    def both(features: SetFeatures) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        rows = [rows for _, rows in features.summaries(pictures, view)]
        return rows, features.mean(pictures, range(9), view)

    plain, first = both(features_of()), both(features_of(tmp_path))
    monkeypatch.setattr("vidstyle.methods.dfi.features.decode_picture", lambda *given: pytest.fail("decoded"))
    again = both(features_of(tmp_path))
    for other in (first, again):
        assert all(torch.equal(a, b) for a, b in zip(plain[0], other[0], strict=True))
        assert all(torch.equal(plain[1][layer], other[1][layer]) for layer in LAYERS)


def test_what_an_entry_of_the_cache_belongs_to(tmp_path: Path) -> None:
    """Another picture, size, hole or network is another entry; a damaged one is made anew."""
    pictures, hole = random_set(tmp_path / "set", 5, 1), torch.zeros(1, *SIZE, dtype=torch.bool)
    hole[:, 10:20, 10:20] = True

    def entries(features: SetFeatures, view: View) -> int:
        features.mean(pictures, [0], view)
        return len(list((tmp_path / "cache").rglob("*.npy")))

    assert entries(features_of(tmp_path), View(SIZE)) == 1
    assert entries(features_of(tmp_path), View(SIZE)) == 1
    assert entries(features_of(tmp_path), View((32, 32))) == 2
    assert entries(features_of(tmp_path), View(SIZE, hole=hole)) == 3
    assert entries(features_of(tmp_path, layers=LAYERS[:2]), View(SIZE)) == 4
    (tmp_path / "set" / "1.png").replace(tmp_path / "set" / "0.png")
    assert entries(features_of(tmp_path), View(SIZE)) == 5
    wanted = features_of().mean(pictures, [0], View(SIZE))
    for entry in (tmp_path / "cache").rglob("*.npy"):
        entry.write_bytes(entry.read_bytes()[:50])
    found = features_of(tmp_path).mean(pictures, [0], View(SIZE))
    assert all(torch.equal(found[layer], wanted[layer]) for layer in LAYERS)


def test_two_runs_can_share_a_cache(tmp_path: Path) -> None:
    pictures = random_set(tmp_path / "set", 12, 1)
    with ThreadPoolExecutor(4) as pool:
        runs = [
            pool.submit(features_of(tmp_path, batch=batch).mean, pictures, range(12), View(SIZE))
            for batch in (3, 3, 3, 3)
        ]
        wanted = features_of(batch=3).mean(pictures, range(12), View(SIZE))
        for run in runs:
            assert all(torch.equal(run.result()[layer], wanted[layer]) for layer in LAYERS)
    assert len(list((tmp_path / "cache").rglob("*"))) - len(list((tmp_path / "cache").iterdir())) == 12


@pytest.mark.parametrize("known", [[0], [1, 4], [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]])
def test_what_is_in_the_cache_already_changes_no_bit(tmp_path: Path, known: list[int]) -> None:
    pictures = random_set(tmp_path / "set", 12, 1)
    for place in known:
        features_of(tmp_path, batch=4).mean(pictures, [place], View(SIZE))
    fresh, found = (
        f.mean(pictures, range(12), View(SIZE))
        for f in (features_of(batch=4), features_of(tmp_path, batch=4))
    )
    assert all(torch.equal(found[layer], fresh[layer]) for layer in LAYERS)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    keys = [cache_key(number=i) for i in range(4)]
    for i, key in enumerate(keys):
        cache.put(key, np.full(100, i, np.float32))
        os.utime(tmp_path / key[:2] / f"{key}.npy", (1000 + i, 1000 + i))
    size = (tmp_path / keys[0][:2] / f"{keys[0]}.npy").stat().st_size
    assert cache.get(keys[0], 100) is not None  # now the one used last
    cache.prune(2 * size)
    assert [cache.get(key, 100) is not None for key in keys] == [True, False, False, True]
    cache.prune(2 * size)
    assert cache.get(keys[3], 100) is not None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    pictures = random_set(tmp_path / "set", 5, 1)
    (tmp_path / "cache").write_text("a file where the folder should be")
    features_of(tmp_path).mean(pictures, range(5), View(SIZE))


def test_it_is_told_how_far_a_large_set_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidstyle.methods.dfi.features._SECONDS_BETWEEN_NOTICES", -1.0)
    lines: list[str] = []
    pictures = random_set(tmp_path / "set", 6, 1)
    list(features_of(batch=4, notice=lines.append).summaries(pictures, View(SIZE)))
    assert lines[-1] == f"{pictures.name}: 4 of 6 pictures looked at"


def test_broken_pictures_are_skipped_and_named(tmp_path: Path) -> None:
    pictures = random_set(tmp_path / "set", 8, 1)
    pictures.paths[2].write_bytes(b"no picture")
    notices: list[str] = []
    features = features_of(notice=notices.append, batch=3)
    places = [place for some, _ in features.summaries(pictures, View(SIZE)) for place in some]
    assert places == [0, 1, 3, 4, 5, 6, 7]
    assert "skipped" in notices[-1] and "2.png" in notices[-1]
    for path in pictures.paths[3:]:
        path.write_bytes(b"no picture")
    with pytest.raises(MediaError, match="2 usable pictures; at least 5"):
        BetweenSets(features, pictures, pictures).choose(torch.rand(3, *SIZE), View(SIZE))


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_nearest(chunk: int) -> None:
    rows, query = torch.rand(60, 5), torch.rand(5)
    rows[50] = rows[20]
    wanted = torch.cdist(rows[None].double(), query[None, None].double())[0, :, 0].argsort(stable=True)
    stream = ((list(range(i, min(60, i + chunk))), rows[i : i + chunk]) for i in range(0, 60, chunk))
    assert nearest(query, stream, 13) == (wanted[:13].tolist(), 60)


def test_neighbours_are_those_that_look_like_the_picture(tmp_path: Path) -> None:
    """Half of a set is dark, half bright: a dark picture's neighbours are the dark ones."""
    rng, folder = np.random.default_rng(0), tmp_path / "set"
    folder.mkdir()
    for i in range(20):
        low = 0 if i % 2 else 180
        write_picture(folder / f"{i}.png", rng.integers(low, low + 60, (3, 50, 40), dtype=np.uint8))
    pictures = open_set(folder)
    features = features_of(layers=LAYERS[:1])  # deeper, the tiny network hardly responds
    chosen = BetweenSets(features, pictures, pictures, 10).choose(torch.rand(3, *SIZE) * 0.2, View(SIZE))
    assert chosen.shape == (2, 10) and bool((chosen % 2 == 1).all())


def test_equal_sets_have_no_difference(tmp_path: Path) -> None:
    pictures = random_set(tmp_path / "set", 7, 1)
    attribute = BetweenSets(features_of(), pictures, pictures)
    vector = attribute.vector(attribute.choose(torch.rand(3, *SIZE), View(SIZE)), View(SIZE))
    assert vector.mean_square == 0
    assert vector.alpha("beta") == 0


def test_the_vector_is_the_difference_of_the_means(tmp_path: Path) -> None:
    source, target = random_set(tmp_path / "s", 6, 1), random_set(tmp_path / "t", 9, 2)
    features = features_of()
    attribute = BetweenSets(features, source, target, count=8, certainty=0)
    chosen = attribute.choose(torch.rand(3, *SIZE), View(SIZE))
    assert chosen.shape == (2, 6)  # K is what the smaller set has
    vector = attribute.vector(chosen, View(SIZE))
    means = [features.mean(s, p, View(SIZE)) for s, p in zip((source, target), chosen.tolist(), strict=True)]
    for layer in LAYERS:
        assert torch.allclose(vector.layers[layer], means[1][layer] - means[0][layer])


def test_strengths() -> None:
    """α = 1 / mean(w²) by hand, and several attributes add up."""
    one = AttributeVector(
        {"relu3_1": torch.full((2, 1, 1), 2.0), "relu4_1": torch.zeros(2, 1, 1)}, (4, 4), "f"
    )
    other = AttributeVector({"relu3_1": torch.ones(2, 1, 1), "relu4_1": torch.ones(2, 1, 1)}, (4, 4), "f")
    assert one.mean_square == 2
    assert (one.alpha("raw"), one.alpha("beta"), other.alpha("beta")) == (1, 0.5, 1)
    for scaling, sums in {"raw": (3, 1), "beta": (2, 1)}.items():
        total = combined([one, other], scaling)
        assert [part.flatten().tolist() for part in total.values()] == [[each] * 2 for each in sums]


def test_a_vector_is_kept_with_the_weights_it_belongs_to(tmp_path: Path) -> None:
    features = features_of()
    parts = {layer: torch.rand(shape) for layer, shape in features.shapes(SIZE).items()}
    AttributeVector(parts, SIZE, "f" * 64).save(tmp_path / "v.safetensors")
    found = load_vector(tmp_path / "v.safetensors", "f" * 64)
    assert found.size == SIZE and all(torch.equal(found.layers[layer], parts[layer]) for layer in LAYERS)
    with pytest.raises(WeightsError, match="made with other features"):
        load_vector(tmp_path / "v.safetensors", "e" * 64)
    larger = GivenVector(features, found).vector(torch.empty(2, 0), View((80, 96)))
    assert {layer: tuple(part.shape) for layer, part in larger.layers.items()} == features.shapes((80, 96))
    with pytest.raises(WeightsError, match="not an attribute vector"):
        load_vector(Path("vidstyle/features/bundled.safetensors"), "f" * 64)


def test_pictures_of_any_size_cover_the_view() -> None:
    ramp = (torch.arange(100.0) / 100).expand(3, 50, 100)
    seen = cover(ramp, (20, 20))
    assert seen.shape == (3, 20, 20)
    assert float(seen.mean()) == pytest.approx(0.5, abs=0.02)
    assert cover(torch.rand(3, 1, 300), (7, 5)).shape == (3, 7, 5)


def test_a_hole_is_filled_with_the_colour_around_it() -> None:
    image, hole = torch.full((3, 6, 6), 0.25), torch.zeros(1, 6, 6, dtype=torch.bool)
    hole[:, 2:4, 2:4] = True
    image[:, 2:4, 2:4] = 1
    assert torch.allclose(fill(image, hole), torch.full((3, 6, 6), 0.25))


def test_a_holes_vector_lies_about_the_hole(tmp_path: Path) -> None:
    pictures, hole = random_set(tmp_path / "set", 6, 1, (64, 64)), torch.zeros(1, 64, 64, dtype=torch.bool)
    hole[:, :12, :12] = True
    view = View((64, 64), hole=hole)
    attribute = FillHole(features_of(), pictures)
    part = attribute.vector(attribute.choose(torch.rand(3, 64, 64), view), view).layers["relu3_1"]
    assert float(part[:, :3, :3].abs().mean()) > 0.01
    assert float(part[:, 10:, 10:].abs().max()) < 1e-2


def test_pictures_are_brought_onto_the_landmarks(tmp_path: Path) -> None:
    """Pictures of one scene, each shifted by a known amount, look alike once they are aligned."""
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (3, 90, 90), dtype=np.uint8)
    points = np.array([[40.0, 40.0], [60.0, 42.0]])
    table = {}
    (tmp_path / "set").mkdir()
    for i in range(6):
        dx, dy = rng.integers(0, 12, 2)
        write_picture(tmp_path / "set" / f"{i}.png", np.roll(scene, (-dy, -dx), (1, 2))[:, :70, :70])
        table[f"{i}.png"] = points - [dx, dy]
    pictures = open_set(tmp_path / "set")
    features = features_of(marks=ListedLandmarks("marks", table), layers=LAYERS[:1])
    view = View((48, 48), points - [12, 12])
    rows = torch.cat([rows for _, rows in features.summaries(pictures, view)])
    assert float((rows - rows[0]).abs().max()) < 1e-3
    apart = torch.cat([rows for _, rows in features.summaries(pictures, View((48, 48)))])
    assert float((apart - apart[0]).abs().max()) > 0.05
    assert bool((features.coverage(pictures, range(6), view) == 1).all())
    wide = View((48, 48), (points - 30) / 8 + 20)
    shown = features.coverage(pictures, range(6), wide)
    assert float(shown[0, 0, 0]) == 0 and float(shown[0, 20, 20]) == 1
