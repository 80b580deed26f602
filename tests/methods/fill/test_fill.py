"""Holes filled: known answers, by construction, of the parts and of the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import vidstyle
from tests.video.clip_makers import make_video, write_image
from vidstyle.cli import main
from vidstyle.errors import MediaError, UsageError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.convert import to_float
from vidstyle.image.diffusion import diffused
from vidstyle.image.fields import grid
from vidstyle.methods.fill import synthesis
from vidstyle.methods.fill.synthesis import Sight, synthesised
from vidstyle.video.reader import open_clip

HEIGHT, WIDTH, FRAMES, SPEED, SIDE = 72, 96, 10, 2, 18


def box(top: int, left: int, side: int = 24, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Tensor:
    hole = torch.zeros(1, *size, dtype=torch.bool)
    hole[:, top : top + side, left : left + side] = True
    return hole


def off(made: Tensor, truth: Tensor, hole: Tensor) -> float:
    """Root mean squared error in the hole."""
    return float((made - truth)[:, hole[0]].square().mean().sqrt())


def stripes() -> Tensor:
    """Slanted ones, float32 (3, H, W)."""
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    wave = ((rows + 2 * columns) % 32 < 16).float()
    return torch.stack([wave, 0.2 + 0.5 * wave, 1 - wave])


def test_diffusion_goes_on_with_a_ramp() -> None:
    ramp = torch.linspace(0, 1, 64).expand(2, 48, 64).clone()
    known = ~box(16, 20, 16, (48, 64))
    made = diffused(torch.where(known, ramp, 7.0), known)
    assert (made - ramp).abs().max() < 0.01 and torch.equal(made[:, known[0]], ramp[:, known[0]])
    assert float(diffused(ramp, torch.zeros_like(known)).abs().max()) == 0


def test_a_pattern_goes_on_through_a_hole() -> None:
    picture, hole = stripes(), box(20, 30)
    made = synthesised(torch.where(hole, 0.5, picture), hole, 0)
    smooth = torch.where(hole, diffused(picture, ~hole), picture)
    assert off(made, picture, hole) < 0.5 * off(smooth, picture, hole)
    assert torch.equal(made[:, ~hole[0]], picture[:, ~hole[0]])
    assert torch.equal(made, synthesised(torch.where(hole, 0.1, picture), hole, 0))  # what is in it is unseen


def test_of_a_very_large_picture_what_is_found_is_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "_SEARCHED", 3000)
    monkeypatch.setattr(synthesis, "_NEIGHBOURHOOD", 24)
    picture, hole = stripes(), box(20, 4)
    smooth = torch.where(hole, diffused(picture, ~hole), picture)
    for most in (100, 10**6):  # pixels where light is evened out, too
        monkeypatch.setattr(synthesis, "_EVENED", most)
        made = synthesised(torch.where(hole, 0.5, picture), hole, 0)
        assert off(made, picture, hole) < 0.8 * off(smooth, picture, hole)
    assert torch.equal(made[:, ~hole[0]], picture[:, ~hole[0]])


def test_no_patch_shows_the_hole_or_what_is_beyond_the_border() -> None:
    whole = synthesis._whole(box(20, 30))
    rows, columns = whole[0].nonzero().T
    assert (int(rows.min()), int(rows.max())) == (3, HEIGHT - 4)
    assert (int(columns.min()), int(columns.max())) == (3, WIDTH - 4)
    assert not bool(whole[:, 17:47, 27:57].any()) and bool(whole[:, 20:40, :20].any())


def test_it_begins_with_what_is_thin() -> None:
    picture = torch.full((3, 30, 40), 0.8)
    picture[:, 15] = 0.1
    hole = box(10, 14, 11, (30, 40))
    begun = synthesis._begun(torch.where(hole, 0.5, picture), hole)
    assert torch.allclose(begun, picture)
    smooth = diffused(picture, ~hole)
    assert float((smooth - picture)[:, 15, 19].abs().max()) > 0.3


def test_what_lies_at_the_same_height_is_preferred() -> None:
    random = torch.Generator().manual_seed(5)
    picture = 0.5 + 0.02 * torch.randn(3, HEIGHT, WIDTH, generator=random)
    hole = box(50, 60, 14)
    at = grid((HEIGHT, WIDTH))[1][hole[0]]
    turn = synthesis._Turn(torch.where(hole, 0.5, picture), hole, None, 0)
    turn.go()
    off = (turn.field[1][hole[0]] - at).abs().float().mean()
    assert float(off) < 0.6 * float((at[:, None] - torch.arange(HEIGHT)).abs().float().mean())


def test_what_a_network_sees_counts_beside_colours() -> None:
    network = VGG(load(find("bundled")).tensors)
    picture, hole = stripes(), box(20, 30)
    seen = torch.where(hole, 0.5, picture)
    maps = Sight(network, 0.5).maps(seen, hole)
    assert maps.shape[1:] == picture.shape[1:] and 1 <= len(maps) <= 8
    other = Sight(network, 1.0).maps(seen, hole)
    assert torch.allclose(other, 2 * maps), "as much as is asked for"
    made = synthesised(seen, hole, 0, Sight(network, 0.5))
    assert not torch.equal(made, synthesised(seen, hole, 0))
    smooth = torch.where(hole, diffused(picture, ~hole), picture)
    assert off(made, picture, hole) < 0.5 * off(smooth, picture, hole)


def test_what_is_plain_is_filled_whatever_a_network_sees() -> None:
    network = VGG(load(find("bundled")).tensors)
    for size in ((HEIGHT, WIDTH), (20, 22)):
        picture, hole = torch.full((3, *size), 0.25), box(8, 8, 6, size)
        made = synthesised(torch.where(hole, 0.9, picture), hole, 0, Sight(network, 0.5))
        assert torch.allclose(made, picture, atol=1e-3)


def test_what_is_filled_is_as_rough_as_what_is_around_it() -> None:
    random = torch.Generator().manual_seed(1)
    picture = 0.5 + 0.2 * torch.randn(1, HEIGHT, WIDTH, generator=random).clamp(-2, 2).expand(3, -1, -1)
    hole = box(20, 30)
    made = synthesised(picture, hole, 0)
    assert float(made[:, hole[0]].std()) > 0.6 * float(picture[:, ~hole[0]].std())


def test_where_no_patch_is_whole_it_is_smoothed_over() -> None:
    picture = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(0))
    hole = box(2, 2, 2, (6, 6))
    made = synthesised(picture, hole, 0)
    assert bool(made.isfinite().all()) and torch.equal(made[:, ~hole[0]], picture[:, ~hole[0]])


@pytest.fixture
def scene(alone: None) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """A square that crosses a background which drifts: frames with it, without it, and its masks."""
    random = torch.Generator().manual_seed(3)
    cells = torch.rand(1, 3, 12, 20, generator=random)
    wide = torch.nn.functional.interpolate(cells, (HEIGHT, WIDTH + 2 * FRAMES), mode="bicubic")[0].clamp(0, 1)
    grain = torch.rand(SIDE // 3, SIDE // 3, 1, generator=random).numpy().repeat(3, 0).repeat(3, 1)
    thing = np.concatenate([200 + 55 * grain, 90 * grain, 30 * grain], 2).astype(np.uint8)
    truth, seen, masks = [], [], []
    for k in range(FRAMES):
        bare = (wide[:, :, k : k + WIDTH] * 255).byte().permute(1, 2, 0).numpy()
        left, mask = 16 + (SPEED + 1) * k, np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        mask[28 : 28 + SIDE, left : left + SIDE] = 255
        covered = bare.copy()
        covered[28 : 28 + SIDE, left : left + SIDE] = thing
        truth.append(bare)
        seen.append(covered)
        masks.append(mask)
    for name, pictures in (("seen", seen), ("truth", truth), ("masks", masks)):
        Path(name).mkdir()
        for k, picture in enumerate(pictures):
            write_image(Path(f"{name}/{k:02}.png"), picture)
    return seen, truth, masks


def frames(path: str) -> list[Tensor]:
    return [to_float(frame.pixels) for frame in open_clip(path).frames()]


def error(path: str, masks: list[np.ndarray]) -> float:
    """Root mean squared, in the holes."""
    holes = [torch.from_numpy(mask[None, ..., 0] > 0) for mask in masks]
    found = zip(frames(path), frames("truth"), holes, strict=True)
    return float(np.mean([off(made, truth, hole) for made, truth, hole in found]))


def test_what_is_behind_is_fetched_from_other_frames(
    scene: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]],
) -> None:
    _, _, masks = scene
    assert main(["fill", "seen", "--mask", "masks", "-o", "out", "-q", "--no-cuts"]) == 0
    assert main(["fill", "seen", "--mask", "masks", "-o", "each", "-q", "--no-cuts", "--no-sources"]) == 0
    fetched, made_up = error("out", masks), error("each", masks)
    assert fetched < 0.05 and fetched < 0.4 * made_up
    for made, before, mask in zip(frames("out"), frames("seen"), masks, strict=True):
        grown = torch.nn.functional.max_pool2d(torch.from_numpy(mask[None, None, ..., 0]).float(), 7, 1, 3)
        away = grown[0, 0] == 0
        assert torch.equal(made[:, away], before[:, away])  # outside nothing changes


def test_a_single_mask_follows_what_it_covers(
    scene: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]],
) -> None:
    _, _, masks = scene
    assert (
        main(["fill", "seen", "--mask", "masks/00.png", "-o", "out", "-q", "--no-cuts", "--grow", "4"]) == 0
    )
    assert error("out", masks) < 0.15


def test_masks_of_some_frames_take_over_where_they_are(
    scene: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, masks = scene
    asked = ["fill", "seen", "--mask", "some", "-o", "out", "--no-cuts"]
    Path("some").mkdir()
    write_image(Path("some/2.png"), masks[2])
    write_image(Path("some/6.png"), np.zeros_like(masks[6]))
    assert main(asked) == 0
    assert "a shot begins at frame 0 without a mask" in capsys.readouterr().err
    changed = [
        float((made - before).abs().max()) > 0.1
        for made, before in zip(frames("out"), frames("seen"), strict=True)
    ]
    assert changed == [2 <= k < 6 for k in range(FRAMES)]
    write_image(Path(f"some/{FRAMES}.png"), masks[2])
    assert main([*asked, "--overwrite"]) == 1
    assert f"{FRAMES}.png would be of frame {FRAMES}, and seen has none" in capsys.readouterr().err
    Path(f"some/{FRAMES}.png").unlink()
    assert main([*asked, "--overwrite", "--no-follow"]) == 1
    assert "some has masks of some frames alone" in capsys.readouterr().err
    for k in (2, 6):
        write_image(Path(f"some/{k}.png"), np.zeros_like(masks[2]))
    assert main([*asked, "--overwrite"]) == 1
    assert "some is black all over" in capsys.readouterr().err


def test_what_stays_in_place_is_filled_there(
    scene: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]],
) -> None:
    _, _, masks = scene
    asked = ["fill", "truth", "--mask", "masks/00.png", "--no-follow", "--no-cuts", "-q", "--grow", "0"]
    assert main([*asked, "-o", "out"]) == 0
    hole = torch.from_numpy(masks[0][None, ..., 0] > 0)
    for made, before in zip(frames("out"), frames("truth"), strict=True):
        assert torch.equal(made[:, ~hole[0]], before[:, ~hole[0]]) and off(made, before, hole) > 0.01
    # What has come in from the right was seen there.
    seen = hole.clone()
    seen[:, :, : 16 + SIDE - FRAMES + 2] = False
    assert off(frames("out")[-1], frames("truth")[-1], seen) < 0.1


def test_a_clip_goes_on_where_it_was_killed(
    scene: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]],
) -> None:
    class After:
        """Set after so many frames."""

        def __init__(self, count: int) -> None:
            self.left = count

        def is_set(self) -> bool:
            self.left -= 1
            return self.left < 0

    vidstyle.paint("fill", "seen", (), "whole", hole="masks", cuts=False)
    for count in (4, 6, 5):
        with pytest.raises(vidstyle.errors.Stopped):
            vidstyle.paint("fill", "seen", (), "parts", hole="masks", cuts=False, stop=After(count))
    vidstyle.paint("fill", "seen", (), "parts", hole="masks", cuts=False)
    assert all(torch.equal(a, b) for a, b in zip(frames("whole"), frames("parts"), strict=True))


@pytest.mark.usefixtures("alone")
def test_a_picture_is_filled_and_by_diffusion_smoothly() -> None:
    picture = (stripes() * 255).byte().permute(1, 2, 0).numpy()
    mask = (box(20, 30)[0].numpy() * 255).astype(np.uint8)[..., None].repeat(3, 2)
    write_image(Path("picture.png"), picture)
    write_image(Path("mask.png"), mask)
    found = {}
    for by in ("patches", "diffusion"):
        assert main(["fill", "picture.png", "--mask", "mask.png", "--by", by, "-o", f"{by}.png", "-q"]) == 0
        (found[by],) = frames(f"{by}.png")
    hole, (truth,) = box(20, 30), frames("picture.png")
    assert off(found["patches"], truth, hole) < 0.3 * off(found["diffusion"], truth, hole)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("mask", "code", "told"),
    [
        ("black.png", 1, "is black all over; what is to be filled is white in it"),
        ("white.png", 1, "is white all over: nothing is left to fill it from"),
        ("wide.png", 1, "must have one shape"),
        ("none.png", 1, "none.png"),
        (None, 2, "give what is to be filled: --mask MASK"),
    ],
)
def test_bad_masks_are_told(
    mask: str | None, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(Path("picture.png"), np.full((48, 64, 3), 90, np.uint8))
    write_image(Path("black.png"), np.zeros((48, 64, 3), np.uint8))
    write_image(Path("white.png"), np.full((48, 64, 3), 255, np.uint8))
    write_image(Path("wide.png"), np.full((24, 64, 3), 255, np.uint8))
    words = [] if mask is None else ["--mask", mask]
    assert main(["fill", "picture.png", *words, "-o", "out.png"]) == code
    assert told in capsys.readouterr().err and not Path("out.png").exists()


@pytest.mark.usefixtures("alone")
def test_a_frame_that_is_all_hole_is_told() -> None:
    pictures = [np.full((48, 64, 3), 90, np.uint8)] * 2
    make_video(Path("clip.mp4"), size=(64, 48), pictures=pictures, pts=[0, 1])
    make_video(
        Path("masks.mp4"), size=(64, 48), pictures=[np.full((48, 64, 3), 255, np.uint8)] * 2, pts=[0, 1]
    )
    with pytest.raises(MediaError, match="covers all of frame"):
        vidstyle.paint("fill", "clip.mp4", (), "out.mp4", hole="masks.mp4")
    with pytest.raises(UsageError):
        vidstyle.paint("fill", "clip.mp4", (), "out.mp4", hole="masks.mp4", by="magic")
