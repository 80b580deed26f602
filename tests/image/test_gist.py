import torch
from torch.nn.functional import interpolate

from vidstyle.image.gist import CELLS, VALUES, described, scene_distances


def thing(seed: int) -> torch.Tensor:
    """A picture of large and small patches, float32 (3, 90, 120)."""
    random = torch.Generator().manual_seed(seed)
    waves = [
        interpolate(torch.rand(1, 3, side, side, generator=random), (90, 120), mode="bilinear")[0]
        for side in (3, 12, 40)
    ]
    return sum(waves) / 3


def test_the_same_scene_in_another_light_is_nearer_than_another() -> None:
    scene, others = thing(0), [0.7 * thing(0) + 0.1, thing(1), thing(2)]
    looks = torch.stack([described(each) for each in others])
    assert looks.shape[1:] == (VALUES, CELLS, CELLS)
    near, *far = scene_distances(described(scene), torch.ones(CELLS, CELLS), looks).tolist()
    assert near < 0.5 * min(far)


def test_stripes_answer_to_filters_of_their_own_direction() -> None:
    wave = (torch.arange(128) // 4 % 2).float()
    across, down = wave.expand(3, 128, 128), wave[:, None].expand(3, 128, 128)
    assert described(across)[:-3].mean((1, 2)).argmax() != described(down)[:-3].mean((1, 2)).argmax()


def test_what_is_hidden_does_not_count() -> None:
    scene, changed = thing(0), thing(0)
    changed[:, :20] = 0
    visible = torch.ones(CELLS, CELLS)
    visible[:2] = 0
    looks = described(changed)[None]
    hidden, seen = (
        float(scene_distances(described(scene), v, looks)) for v in (visible, torch.ones(CELLS, CELLS))
    )
    assert hidden < 0.1 * seen
