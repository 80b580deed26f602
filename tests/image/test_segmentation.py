import torch

from vidstyle.image.segmentation import outlined


def scene(alike: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """A bright disc before a dark, textured wall, or one of the same texture; and where it is."""
    random = torch.Generator().manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(90), torch.arange(120), indexing="ij")
    disc = ((rows - 45).square() + (columns - 60).square() < 25**2)[None]
    picture = 0.3 * torch.rand(3, 90, 120, generator=random)
    return picture if alike else torch.where(disc, picture + 0.6, picture), disc


def overlap(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_a_guess_that_is_off_is_brought_to_the_edge() -> None:
    picture, disc = scene()
    guess = disc.roll((3, -4), (1, 2))
    assert overlap(guess, disc) < 0.85
    assert overlap(outlined(picture, guess, 6), disc) > 0.97


def test_where_colours_do_not_part_the_guess_stays_about_as_it_is() -> None:
    picture, disc = scene(alike=True)
    found = outlined(picture, disc, 5)
    assert overlap(found, disc) > 0.6 and torch.equal(found, outlined(picture, disc, 5))


def test_an_empty_guess_and_one_that_is_everywhere_stay() -> None:
    picture, disc = scene()
    for guess in (torch.zeros_like(disc), torch.ones_like(disc)):
        assert torch.equal(outlined(picture, guess, 5), guess)
