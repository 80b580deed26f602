"""Fields of matches between two grids: made, brought to other sizes, followed, and voted through.

A field is int64 (2, H, W) on the grid of a picture A: channel 0 the column x, channel 1 the row y, of the
place in B that each place of A is matched with.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.device import constant

Size = tuple[int, int]
"""(height, width) of a grid."""


def grid(size: Size, device: torch.device | None = None) -> Tensor:
    """The field that matches every place with itself, int64 (2, *size)."""
    rows, columns = (torch.arange(count, device=device) for count in size)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])


def random_field(size: Size, reach: Size, generator: torch.Generator) -> Tensor:
    """A field int64 (2, *size) of places drawn evenly from a grid of size `reach`. On the CPU."""
    x = torch.randint(reach[1], size, generator=generator)
    return torch.stack([x, torch.randint(reach[0], size, generator=generator)])


def inside(field: Tensor, reach: Size) -> Tensor:
    """The field with every place brought into a grid of size `reach`."""
    return torch.stack([field[0].clamp(0, reach[1] - 1), field[1].clamp(0, reach[0] - 1)])


def numbered(field: Tensor, width: int) -> Tensor:
    """Places as indices into rows of `width` columns laid end to end, int64 (H·W,)."""
    return (field[1] * width + field[0]).flatten()


def follow(image: Tensor, field: Tensor) -> Tensor:
    """image(φ): what lies at the matched places. image (C, h, w), field (2, H, W); returns (C, H, W)."""
    return image.flatten(1)[:, numbered(field, image.shape[-1])].reshape(-1, *field.shape[1:])


def upsample(field: Tensor, size: Size, reach: Size, new_reach: Size) -> Tensor:
    """The same field between grids of other sizes: nearest neighbour, its offsets scaled.

    field: (2, h, w) into a grid of size `reach`; the result is (2, *size) into one of size `new_reach`.

    A block of places that grows out of one is matched with a block as it lies, place by place, so that a
    shift stays the same shift. Linear mixing would match with places between two, which neither meant.
    """
    if tuple(field.shape[1:]) == tuple(size) and tuple(reach) == tuple(new_reach):
        return field
    fine = grid(size, field.device)
    grown = [_growth(old, new) for old, new in zip(field.shape[:0:-1], size[::-1], strict=True)]
    coarse = torch.stack([((fine[i] + 0.5) / grown[i]).floor().long() for i in range(2)])
    coarse = inside(coarse, (field.shape[1], field.shape[2]))
    matched = follow(field, coarse)
    moved = []
    for i, (old, new) in enumerate(zip(reach[::-1], new_reach[::-1], strict=True)):
        from_centre = fine[i] - (coarse[i] + 0.5) * grown[i]
        moved.append((matched[i] + 0.5) * _growth(old, new) + from_centre)
    return inside((torch.stack(moved) + 0.5).floor().long(), new_reach)


def _growth(old: int, new: int) -> float:
    """Places of a line of `new` for each of `old`: a whole number where pooling made the one of the other."""
    whole = round(new / old)
    return whole if whole and -(-new // whole) == old else new / old


def offsets(field: Tensor) -> Tensor:
    """The field as a flow float32 (2, H, W), (dx, dy) in pixels: from each place to its match."""
    return (field - grid((field.shape[1], field.shape[2]), field.device)).float()


def carried_field(field: Tensor, vectors: Tensor, reach: Size) -> Tensor:
    """A field of one frame as it lies in another, to which `vectors` lead back.

    vectors: float32 (2, H, W), (dx, dy) in pixels on the grid of the new frame: see `Flow`.

    Matches are places, not pictures: they are taken from the nearest pixel, never mixed. What the motion
    moves by part of a pixel is left to the search.
    """
    size = field.shape[1], field.shape[2]
    places = grid(size, field.device) + torch.nan_to_num(vectors).round().long()
    return inside(follow(field, inside(places, size)), reach)


def resized_field(field: Tensor, size: Size, reach: Size, new_reach: Size) -> Tensor:
    """A field at a smaller size, from the nearest place; its matches scaled. As `upsample`, the other way."""
    taken = interpolate(field[None].float(), size, mode="nearest-exact")[0]
    scale = constant((new_reach[1] / reach[1], new_reach[0] / reach[0]), taken)[:, None, None]
    return inside(((taken + 0.5) * scale).floor().long(), new_reach)


def vote(image: Tensor, field: Tensor, patch: int) -> Tensor:
    """A picture put together from patches of another: every pixel the mean of those that cover it.

    image: float32 (C, h, w). field: (2, H, W) into it. patch: its side, odd.

    out(x) = mean over p in N(x) of image(φ(p) + x − p); returns (C, H, W). Outside counts as the border.
    """
    size, reach = (field.shape[1], field.shape[2]), (image.shape[1], image.shape[2])
    here = grid(size, field.device)
    total = image.new_zeros(image.shape[0], *size)
    for step in around(patch):
        neighbour = inside(here + constant(step, here).view(2, 1, 1), size)
        total += follow(image, inside(follow(field, neighbour) + here - neighbour, reach))
    return total / patch**2


def around(patch: int) -> list[tuple[int, int]]:
    """The places (dx, dy) of a patch of odd side, about its centre."""
    if patch < 1 or patch % 2 == 0:
        raise ValueError(f"a patch has an odd side, not {patch}")
    reach = range(-(patch // 2), patch // 2 + 1)
    return [(dx, dy) for dy in reach for dx in reach]
