"""woodcut.jpg: a sailing boat under a great wave and a mountain, cut in wood and printed in four inks.

Lengths in the composition are in widths of the picture: x 0 to 1, y 0 (top) to 0.75.
"""

from __future__ import annotations

import cv2
import numpy as np

from samples.noise import Noise, blur, cloth, colour, mix, smoothstep

SIZE = (1440, 1920)  # cut at three times the size at which it is delivered
PAPER, INDIGO, BLUE, OCHRE, RED = (
    colour(tone) for tone in ("#efe3c6", "#1d2440", "#5f8fae", "#dba54e", "#c4452d")
)


def woodcut() -> np.ndarray:
    """float32 (480, 640, 3), sRGB."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32) / SIZE[1]
    sheet = _Sheet(x, y)
    _sky(sheet)
    _mountain(sheet)
    _sea(sheet)
    _boat(sheet)
    _great_wave(sheet)
    picture = sheet.print()
    return cv2.resize(picture, (SIZE[1] // 3, SIZE[0] // 3), interpolation=cv2.INTER_AREA)


class _Sheet:
    """One block for each ink, (H, W), 1 where it prints; later shapes cover earlier ones."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.hand = cloth(SIZE, 5, 150, 5)  # the unsteadiness of the cutter's hand
        self.key = np.zeros(SIZE, np.float32)
        self.flats = {name: np.zeros(SIZE, np.float32) for name in ("blue", "ochre", "red")}

    def clear(self, where: np.ndarray) -> None:
        for block in (self.key, *self.flats.values()):
            block[where] = 0

    def hatch(self, where: np.ndarray, phase: np.ndarray, dark: np.ndarray, spacing: float = 0.009) -> None:
        """Key lines along the level lines of `phase` (lengths); `dark` 0 to 1 is the share of ink."""
        turns = (phase + 0.0016 * self.hand) / spacing
        wave = np.abs(turns - np.floor(turns) - 0.5) * 2
        slope = np.hypot(*np.gradient(turns)) + 1e-6
        width = np.clip(dark + 0.06 * self.hand, 0, 1)
        width = np.where(width < 0.08, 0, width)
        line = np.clip((width - wave) / (4 * slope) + 0.5, 0, 1)
        self.key[where] = np.maximum(self.key, line)[where]

    def outline(self, where: np.ndarray, width: float = 5.0) -> None:
        inside = cv2.distanceTransform(where.astype(np.uint8), cv2.DIST_L2, 5)
        edge = smoothstep(width + 1, width - 1, inside + 1.3 * self.hand) * where
        edge[[0, -1]] = edge[:, [0, -1]] = 0
        self.key = np.maximum(self.key, edge.astype(np.float32))

    def print(self) -> np.ndarray:
        """The inks on paper, each a little off register, with the grain of wood and the tooth of paper."""
        x, y, noise = self.x, self.y, Noise(77)
        wood = noise.fbm(x * 5, y * 110 + 2 * noise(x * 2, y * 6), 3, 0.6)
        tooth = cloth(SIZE, 9, 6, 3, 0.7)
        picture = PAPER * (1 + 0.018 * cloth(SIZE, 10, 90, 4) + 0.02 * tooth)[..., None]
        for name, ink, shift in (("ochre", OCHRE, (4, -3)), ("blue", BLUE, (-3, 4)), ("red", RED, (3, 3))):
            block = blur(np.roll(self.flats[name], shift, (0, 1)), 1.3)
            cover = block * np.clip(0.86 + 0.1 * wood + 0.07 * tooth, 0.25, 1)
            picture = picture * mix(np.ones(3, np.float32)[None, None], ink / PAPER, cover)
        cover = blur(self.key, 1.2) * np.clip(0.95 + 0.05 * wood + 0.05 * tooth, 0.5, 1)
        picture = mix(picture, INDIGO[None, None], cover)
        margin = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 0.75 - y)) + 0.0007 * self.hand
        picture = mix(
            picture,
            INDIGO[None, None],
            smoothstep(0.0155, 0.0165, margin) * smoothstep(0.0215, 0.0205, margin),
        )
        sheet = PAPER * (1 + 0.02 * tooth)[..., None]
        return np.clip(mix(picture, sheet, smoothstep(0.0160, 0.0150, margin)), 0, 1).astype(np.float32)


def _sky(sheet: _Sheet) -> None:
    x, y, hand = sheet.x, sheet.y, sheet.hand
    away = np.hypot(x - 0.70, y - 0.17)
    turn = np.arctan2(y - 0.17, x - 0.70)
    sheet.flats["ochre"][:] = smoothstep(0.55, 0.1, away + 0.015 * hand) > 0.5
    disc = away < 0.085
    rays = np.abs(((turn / (2 * np.pi) * 44) % 1) - 0.5) * 2
    reach = 0.16 + 0.07 * np.cos(turn * 22) + 0.01 * hand
    ray = (rays < 0.5 * np.clip(1.2 - away / 0.3, 0, 1)) & (away > 0.098) & (away < reach)
    sheet.flats["red"][disc | ray] = 1
    clouds = Noise(31).fbm(x * 3.2, y * 9, 4, 0.5, smooth=4)
    bank = (clouds > 0.55 + 3.2 * np.clip(0.1 - np.abs(y - 0.11), -1, 0.02)) & ~disc & (away > 0.13)
    line = y + 0.01 * np.sin(9 * x + 1) + 0.005 * clouds
    sheet.hatch(np.ones(SIZE, bool), line, 0.5 - 1.1 * y - 0.9 * np.exp(-((away / 0.27) ** 2)), 0.0095)
    sheet.clear(bank)
    sheet.hatch(bank, y - 0.02 * clouds, 0.55 * smoothstep(1.3, 0.5, clouds) - 0.08, 0.0075)
    sheet.outline(bank, 4)


def _mountain(sheet: _Sheet) -> None:
    x, y = sheet.x, sheet.y
    noise = Noise(12)
    off = x - 0.60
    rough = noise.fbm(x * 9, y * 3, 5, smooth=5)
    ridge = (
        0.235
        + 0.235 * (1 - np.exp(-np.abs(off) / 0.19))
        + 0.006 * rough
        - 0.012 * np.exp(-((off / 0.02) ** 2))
    )
    rock = y > ridge
    sheet.clear(rock)
    down = np.maximum(y - ridge, 0)
    gully = noise.fbm(off * 26 / (0.3 + 3 * down) ** 0.5, y * 2.2, 4, 0.55, smooth=4)
    shade = np.clip(0.42 + 1.5 * off + 0.33 * gully, 0, 1)
    snow = down < 0.075 + 0.035 * gully + 0.012 * np.sin(90 * off)
    sheet.flats["blue"][rock & ~snow] = 1
    fan = off * (0.19 + 0.2 * np.exp(-down * 9)) / (0.13 + down) * 0.6 + 0.006 * gully
    sheet.hatch(rock & ~snow, fan, shade * 0.8 + 0.06, 0.0085)
    sheet.hatch(rock & snow, fan, (shade - 0.45) * 0.9, 0.0085)
    sheet.outline(rock, 5)
    for number, (base, height) in enumerate(((0.435, 0.03), (0.46, 0.035))):
        hill = y > base - height * np.abs(noise.fbm(x * 6 + 7 * number, 0 * y + 3, 5, smooth=5)) * 0.8
        sheet.clear(hill)
        sheet.flats["ochre" if number else "blue"][hill] = 1
        sheet.hatch(
            hill,
            x * 0.55 + y + 0.004 * noise(x * 20, y * 20),
            0.45 + 0.3 * noise(x * 18 + number, y * 30),
            0.007,
        )
        sheet.outline(hill, 4)


def _swell(x: np.ndarray, number: int) -> np.ndarray:
    base, height, length, shift = (
        (0.478, 0.006, 34, 0),
        (0.515, 0.014, 22, 1),
        (0.575, 0.026, 14, 2.4),
        (0.65, 0.03, 10, 0.3),
    )[number]
    peak = np.sin(length * x + shift)
    return base - height * (np.abs(peak) ** 0.7 * np.sign(peak)) - 0.3 * height * np.sin(2.7 * length * x)


def _sea(sheet: _Sheet) -> None:
    x, y = sheet.x, sheet.y
    noise = Noise(15)
    for number in range(4):
        swell = _swell(x, number)
        crest = swell + 0.002 * noise(x * 60, y * 0 + number)
        down = y - crest
        water = down > 0
        foam = down < 0.004 + (0.004 + 0.004 * number) * np.clip(1 + noise(x * 42, y * 30 + number), 0, 2)
        sheet.clear(water)
        sheet.flats["blue"][water & ~foam] = 1
        slope = np.gradient(swell[0]) * SIZE[1]
        shade = 0.42 + 0.55 * np.clip(slope, -1, 1)[None] + 0.16 * noise(x * 8, y * 20) + 1.2 * down
        phase = down * (1 + 0.25 * np.sin(11 * x + number)) + 0.002 * noise(x * 14, y * 30)
        sheet.hatch(water & ~foam, phase, shade, 0.0075 + 0.0012 * number)
        sheet.outline(water, 4)


def _boat(sheet: _Sheet) -> None:
    x, y = sheet.x, sheet.y
    u, v = x - 0.76, y - 0.585
    hull = (v > -0.012 - 0.9 * u**2 * 4) & (v < 0.026 - 2.2 * u**2) & (np.abs(u) < 0.1)
    sails = (
        (u > -0.002 - 0.5 * (0.0 - v) * 0.02)
        & (u < 0.062 * np.clip((v + 0.2) / 0.18, 0, 1) ** 0.6)
        & (v > -0.2)
        & (v < -0.028),
        (u < -0.012)
        & (u > -0.012 - 0.058 * np.clip((v + 0.175) / 0.15, 0, 1) ** 0.7)
        & (v > -0.175)
        & (v < -0.032),
    )
    for sail in sails:
        sheet.clear(sail)
        sheet.flats["red"][sail] = 1
        sheet.hatch(sail, u + 0.35 * (v + 0.1) ** 2, 0.15 + 7 * np.abs(u), 0.0075)
        sheet.outline(sail, 5)
    mast = (np.abs(u + 0.006) < 0.0032) & (v > -0.215) & (v < -0.01)
    sheet.clear(hull | mast)
    sheet.key[mast] = 1
    sheet.flats["ochre"][hull] = 1
    sheet.hatch(hull, v + 1.0 * u**2, 0.35 + 14 * np.clip(v, 0, 1), 0.0075)
    sheet.outline(hull, 5)


def _great_wave(sheet: _Sheet) -> None:
    """A breaking wave on the left: a spiral that curls over, with fingers of foam along its lip."""
    x, y = sheet.x, sheet.y
    noise = Noise(18)
    u, v = (x - 0.375), (y - 0.36)
    away, turn = np.hypot(u, v), np.arctan2(-v, u)  # turn: 0 right, rising anticlockwise
    sweep = np.clip(
        (turn - 0.15) % (2 * np.pi), 0, 2 * np.pi
    )  # from the tip of the lip, over the top, down the back
    inner = 0.055 + 0.075 * smoothstep(0, 2.6, sweep) + 0.02 * sweep
    outer = 0.075 + 0.17 * smoothstep(-0.2, 2.2, sweep) + 0.025 * sweep
    body = (y > 0.40 + 0.36 * smoothstep(0.1, 0.72, x) + 0.004 * noise(x * 40, 0 * y)) & (x < 0.75)
    curl = (away > inner) & (away < outer) & ((sweep < 3.7) | body)
    back = (x < 0.375) & (y > 0.36) & (away > inner)
    rim = away - outer + 0.011 * noise(sweep * 9, away * 12) + 0.007 * noise(sweep * 22, away * 30)
    fingers = (rim > -0.028) & (rim < 0.012) & (sweep < 3.3)
    drip = (
        inner - away - 0.02 * np.clip(noise(sweep * 9, 0 * sweep + 4), -0.4, 2) * smoothstep(2.6, 0.4, sweep)
    )
    tongues = (drip < 0) & (away < outer) & (sweep < 2.0) & (away > inner - 0.035)
    wave = curl | body | back
    white = fingers | (tongues & ~curl) | (tongues & (away < inner + 0.012))
    sheet.clear(wave | white)
    sheet.flats["blue"][wave & ~white] = 1
    share = (away - inner) / np.maximum(outer - inner, 0.02)
    within = curl & ~white
    sheet.hatch(
        within,
        0.135 * share + 0.004 * noise(sweep * 5, share * 4),
        0.3 + 0.6 * smoothstep(0.75, 0.1, share),
        0.0125,
    )
    flank = (body | back) & ~curl & ~white
    flow = 0.8 * away + 0.006 * noise(x * 8, y * 14)
    sheet.hatch(
        flank, flow + 0.2 * y, 0.48 + 0.3 * np.sin(26 * (away - 0.1)) + 0.1 * noise(x * 9, y * 12), 0.0105
    )
    bubbles = noise(x * 75, y * 75)
    sheet.hatch(white, bubbles * 0.01, 0.28 - 0.2 * np.abs(bubbles), 0.01)
    sheet.outline(wave | white, 6)
    sheet.outline(white, 4)
    spray = (noise(x * 95, y * 95) > 2.0 - 0.9 * np.exp(-(((away - outer - 0.03) / 0.04) ** 2))) & (
        sweep < 3.3
    )
    drops = spray & ~wave & ~white & (away < outer + 0.1) & (away > inner)
    sheet.clear(drops)
    sheet.outline(drops, 3)
