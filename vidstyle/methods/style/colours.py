"""Whose colours a painting has: the modes of --color, and those of --photo. Each is one class."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from vidstyle.image.colour import luminance, match_palette, palette, with_luminance
from vidstyle.image.distribution import distribution, match_distribution
from vidstyle.methods.style.recolour import match_luma, palettes, recoloured, style_palettes


class Colours:
    """The style pictures' own: nothing is to be done. The others say what they do differently.

    Pictures are float32 (3, H, W) in [0, 1]. where: of a frame, float32 (R, h, w), how much of each pixel
    belongs to each region; None where there are none.
    """

    def decided(self, content: Tensor, where: Tensor | None) -> Tensor | None:
        """What the first frame of a shot decides for all its frames, or colours would flicker."""
        return None

    def target(self, decided: Tensor | None) -> Tensor | None:
        """What of that the style pictures are brought to."""
        return decided

    def styled(self, picture: Tensor, target: Tensor) -> Tensor:
        """A style picture brought to that."""
        return picture

    def subject(self, content: Tensor, decided: Tensor | None, where: Tensor | None) -> Tensor:
        """What of a frame is painted."""
        return content

    def kept(self, image: Tensor) -> Tensor:
        """What of a finished painting the next one begins with."""
        return image

    def finished(self, content: Tensor, image: Tensor) -> Tensor:
        """The painting, from what was searched."""
        return image


class MatchedColours(Colours):
    """The frame's, by the mean and covariance of its colours, to which the style pictures are brought."""

    def decided(self, content: Tensor, where: Tensor | None) -> Tensor:
        return palette(content)

    def styled(self, picture: Tensor, target: Tensor) -> Tensor:
        return match_palette(picture, target)


class MatchedDistribution(MatchedColours):
    """The same by all of their distribution."""

    def decided(self, content: Tensor, where: Tensor | None) -> Tensor:
        return distribution(content)

    def styled(self, picture: Tensor, target: Tensor) -> Tensor:
        return match_distribution(picture, target)


class OwnColours(MatchedColours):
    """Those of the frame, pixel by pixel: only brightness is painted."""

    def styled(self, picture: Tensor, target: Tensor) -> Tensor:
        return match_luma(luminance(picture), target)

    def subject(self, content: Tensor, decided: Tensor | None, where: Tensor | None) -> Tensor:
        return luminance(content)

    def kept(self, image: Tensor) -> Tensor:
        return luminance(image)

    def finished(self, content: Tensor, image: Tensor) -> Tensor:
        return with_luminance(content, luminance(image))


class GivenColours(Colours):
    """The style pictures', to which the frame is brought as a whole, region by region: for photographs.

    pictures, shares, regions: as of `StyleTerm`.
    """

    def __init__(
        self, pictures: Sequence[Tensor], shares: Sequence[float], regions: Sequence[Tensor]
    ) -> None:
        self.pictures, self.shares, self.regions = pictures, shares, regions

    def decided(self, content: Tensor, where: Tensor | None) -> Tensor:
        return palettes(content, where)

    def target(self, decided: Tensor | None) -> None:
        return None

    def subject(self, content: Tensor, decided: Tensor | None, where: Tensor | None) -> Tensor:
        assert decided is not None
        wanted = style_palettes(self.pictures, [] if where is None else self.regions, self.shares)
        return recoloured(content, where, decided, wanted)


MODES: dict[str, type[Colours]] = {
    "style": Colours,
    "content": OwnColours,
    "match": MatchedColours,
    "histogram": MatchedDistribution,
}
"""By the names that --color has for them."""
