"""watercolour.jpg: a lake at dawn between misty hills, with blossom, a boat and a far pagoda, in wet washes.

Lengths in the composition are in widths of the picture: x 0 to 1, y 0 (top) to 0.75.
"""

from __future__ import annotations

import cv2
import numpy as np

from samples.noise import Noise, blur, cloth, colour, smoothstep

SIZE = (960, 1280)  # painted at twice the size at which it is delivered
SHORE = 0.455


def watercolour() -> np.ndarray:
    """float32 (480, 640, 3), sRGB."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32) / SIZE[1]
    sheet = _Paper(x, y)
    _dawn(sheet)
    _hills(sheet)
    _lake(sheet)
    _pagoda(sheet)
    _banks(sheet)
    _blossom(sheet)
    picture = cv2.resize(sheet.dry(), (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA)
    return np.clip(picture, 0, 1)


class _Paper:
    """Rough white paper and the pigment on it, kept as optical density (H, W, 3)."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.density = np.zeros((*SIZE, 3), np.float32)
        self.grain = 0.6 * cloth(SIZE, 3, 9, 3, 0.7) + 0.3 * cloth(SIZE, 4, 28, 2)
        self.wander = np.stack([cloth(SIZE, 5, 60, 5, 0.6), cloth(SIZE, 6, 60, 5, 0.6)])
        self.flow = cloth((2 * SIZE[0], 2 * SIZE[1]), 7, 300, 7, 0.58)
        self.count = 0

    def wash(
        self, shape: np.ndarray, tone: np.ndarray | str, strength: float = 1.0, wet: float = 0.0, edge: float = 0.55,
        grains: float = 0.12,
    ) -> None:  # fmt: skip
        """One wash of colour. `shape` (H, W): 0 dry to 1 wet; where it ends, pigment gathers in a dark line.

        wet: pixels by which it runs into wet paper, which also softens the line; edge: strength of the line.
        """
        self.count += 1
        rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
        reach = 1.1 + 0.5 * wet
        shape = cv2.remap(shape.astype(np.float32), columns + reach * self.wander[0], rows + reach * self.wander[1],
                          cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        shape = blur(shape, 0.8 + wet)
        top, left = self.count * 137 % SIZE[0], self.count * 211 % SIZE[1]
        pool = self.flow[top : top + SIZE[0], left : left + SIZE[1]]
        inside = np.clip(blur(shape, 3) - 0.85 * blur(shape, 12), 0, 1) * shape
        amount = shape * np.clip(0.9 + 0.3 * pool + edge * 2.2 * inside, 0.15, 3)
        amount *= np.clip(1 - grains * self.grain - 0.4 * grains * np.abs(pool), 0.2, 2)
        tone = colour(tone) if isinstance(tone, str) else tone
        absorbed = -np.log(np.clip(tone, 0.02, 0.995))
        self.density += (strength * amount)[..., None] * absorbed

    def lift(self, shape: np.ndarray, share: float) -> None:
        """Take pigment off again with a damp brush."""
        self.density *= 1 - share * shape[..., None]

    def dry(self) -> np.ndarray:
        lit = 1 + 0.02 * (np.roll(self.grain, (1, 1), (0, 1)) - np.roll(self.grain, (-1, -1), (0, 1)))
        return (np.array((0.985, 0.972, 0.94), np.float32) * np.exp(-self.density) * lit[..., None]).astype(
            np.float32
        )


def _between(tones: tuple[str, ...], level: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) along a row of tones, level 0 to 1."""
    steps = [colour(tone) for tone in tones]
    place = np.clip(level, 0, 1) * (len(tones) - 1)
    return sum(np.clip(1 - np.abs(place - i), 0, 1)[..., None] * step for i, step in enumerate(steps))


def _dawn(sheet: _Paper) -> None:
    x, y = sheet.x, sheet.y
    drift = cloth(SIZE, 20, 420, 6, 0.55)
    tones = _between(
        ("#6f9fc4", "#a9c0d6", "#e6b8bd", "#f4b58a", "#f8d79c", "#faecc9"), y / 0.44 + 0.08 * drift
    )
    sun = np.hypot(x - 0.43, y - 0.27)
    free = smoothstep(0.034, 0.04, sun)
    sheet.wash(
        free * smoothstep(0.012, 0.02, np.minimum(np.minimum(x, 1 - x), y) + 0.004 * drift),
        tones,
        0.75,
        5,
        0.2,
    )
    clouds = Noise(22).fbm(x * 2.6, y * 6.5 + 0.6 * drift, 6, 0.5, smooth=6)
    sheet.wash(smoothstep(0.2, 1.5, clouds) * smoothstep(0.36, 0.1, y), "#7f8fb8", 0.5, 7, 0.5)
    sheet.wash(smoothstep(0.5, 0.75, clouds) * smoothstep(0.33, 0.16, y), "#c987a0", 0.28, 2, 0.6)
    sheet.wash(smoothstep(0.041, 0.035, sun), "#f2704a", 0.85, 1.2, 0.5)
    sheet.wash(smoothstep(0.2, 0.03, sun), "#f7b15f", 0.45, 14, 0)


def _ridge(x: np.ndarray, number: int) -> np.ndarray:
    noise = Noise(40 + number)
    base, height = ((0.26, 0.085), (0.32, 0.075), (0.385, 0.055), (0.435, 0.03))[number]
    rough = noise.fbm(x[0] * (3.2 + number) + 3 * number, 0 * x[0] + 1.7, 7, 0.5, smooth=5)
    return (base - height * (rough * 0.6 + (0.35, 0.9, 0, 0)[number] * np.cos(2 * np.pi * (x[0] - 0.8))))[
        None
    ]


def _hills(sheet: _Paper) -> None:
    x, y = sheet.x, sheet.y
    tones = (("#8f9fc9", "#c9b3c9"), ("#6683b4", "#b3b3cf"), ("#3f6b8f", "#9db7b8"), ("#2c5560", "#7fa58c"))
    for number, (dark, pale) in enumerate(tones):
        depth = y - _ridge(x, number)
        mist = np.exp(-np.clip(depth, 0, 1) / (0.07, 0.07, 0.06, 0.07)[number])
        shape = smoothstep(0, 0.003, depth) * (0.12 + 0.88 * mist) * smoothstep(SHORE + 0.004, SHORE, y)
        sheet.wash(shape, _between((dark, pale), 1 - mist), (0.4, 0.5, 0.68, 0.85)[number], 0.8, 0.6, 0.17)
        veins = Noise(60 + number).fbm(x * 14 + 4 * depth, depth * 9, 5, 0.6, smooth=4)
        sheet.wash(shape * smoothstep(0.7, 1.2, veins), dark, 0.35, 1.5, 0.3)
    pines = np.zeros(SIZE, bool)
    rng = np.random.default_rng(3)
    for place in rng.uniform(0.02, 0.98, 120):
        foot = (
            SHORE - 0.003 if rng.random() < 0.5 else float(_ridge(x, 3)[0, int(place * (SIZE[1] - 1))]) + 0.01
        )
        tall = rng.uniform(0.012, 0.034)
        up = (foot - y) / tall
        pines |= (
            (np.abs(x - place) < 0.24 * tall * (1 - up) * (0.7 + 0.5 * ((up * 5) % 1)))
            & (up > -0.1)
            & (up < 1)
        )
    sheet.wash(pines * 1.0, "#2f5a52", 0.9, 0.3, 0.4)


def _lake(sheet: _Paper) -> None:
    """The hills and the sky again, upside down, drawn sideways by the ripples; a few lights left white."""
    x, y = sheet.x, sheet.y
    water = smoothstep(SHORE - 0.001, SHORE + 0.002, y)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    ripple = Noise(80).fbm(x * 7, y * 70, 4, 0.6, smooth=3) * (y - SHORE + 0.02) * 90
    line = 2 * SHORE * SIZE[1] - rows + 0.7 * ripple
    seen = cv2.remap(
        sheet.density, columns + 0.8 * ripple, line, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    seen = blur(seen, 2.5)
    sheet.density += 0.75 * seen * water[..., None]
    sheet.wash(water * (0.3 + 0.9 * (y - SHORE) / 0.3), "#6fa3b8", 0.4, 3, 0.2)
    streaks = Noise(81).fbm(x * 4, y * 70, 3, 0.5)
    sheet.wash(water * smoothstep(0.8, 1.15, streaks) * smoothstep(SHORE, 0.6, y), "#3f7590", 0.4, 0.6, 0.6)
    path = np.exp(-(((x - 0.43) / (0.03 + 0.12 * (y - SHORE))) ** 2))
    light = water * smoothstep(0.5, 0.8, -streaks + 1.1 * path - 0.1) * smoothstep(0.0, 0.5, path + 0.28)
    sheet.lift(blur(light, 0.8), 0.75)
    sheet.wash(light * path, "#f59a5a", 0.5, 1, 0.4)


def _pagoda(sheet: _Paper) -> None:
    x, y = sheet.x, sheet.y
    centre = 0.735
    u = np.abs(x - centre)
    isle = y > SHORE + 0.002 - 0.03 * np.exp(-(((x - centre) / 0.06) ** 2)) - 0.004 * Noise(90)(x * 40, 0 * y)
    isle &= (y < SHORE + 0.006) & (u < 0.13)
    sheet.wash(isle * 1.0, "#3a5d50", 1.2, 0.6, 0.6)
    body, roofs = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    for storey in range(5):
        foot, wide = 0.432 - 0.026 * storey, 0.019 - 0.0024 * storey
        body |= (u < wide * 0.75) & (y < foot) & (y > foot - 0.02)
        eave = foot - 0.016 - 0.008 * (u / (wide * 1.8)) ** 2
        roofs |= (u < wide * 1.8) & (y < eave) & (y > eave - 0.011 * np.clip(1.15 - u / (wide * 1.8), 0, 1))
    roofs |= (u < 0.0013) & (y > 0.27) & (y < 0.33)
    sheet.wash(body * 1.0, "#b5584a", 0.95, 0.3, 0.4)
    sheet.wash(roofs * 1.0, "#34405c", 1.15, 0.3, 0.4)
    image = np.zeros(SIZE, np.float32)
    for row in range(int(SHORE * SIZE[1]) + 6, int((2 * SHORE - 0.27) * SIZE[1])):
        source = int(2 * SHORE * SIZE[1]) - row
        shift = int(6 * np.sin(row * 0.55) * (row / SIZE[1] - SHORE) * 12)
        image[row] = np.roll((body | roofs)[source], shift) * (0.9 - 1.5 * (row / SIZE[1] - SHORE))
    sheet.wash(image, "#6b5a6f", 0.75, 1.2, 0.3)


def _banks(sheet: _Paper) -> None:
    x, y = sheet.x, sheet.y
    noise = Noise(95)
    top = (
        0.635
        + 0.11 * smoothstep(0.05, 0.62, x)
        + 0.012 * noise.fbm(x * 9, 0 * y, 4)
        - 0.03 * smoothstep(0.78, 1.0, x)
    )
    bank = smoothstep(0, 0.006, y - top)
    tones = _between(
        ("#8fae5a", "#4f8a5c", "#2a5a55", "#274a5a"), (y - top) * 7 + 0.16 * noise.fbm(x * 7, y * 7, 4)
    )
    sheet.wash(bank, tones, 0.95, 1.5, 0.6, 0.2)
    rng = np.random.default_rng(6)
    blades = np.zeros(SIZE, np.uint8)
    for _ in range(420):
        foot = np.array([rng.uniform(0, 1), 0])
        foot[1] = float(top[0, int(foot[0] * (SIZE[1] - 1))]) + rng.uniform(0.0, 0.07)
        tall, lean = rng.uniform(0.02, 0.06), rng.normal(0.004, 0.012)
        t = np.linspace(0, 1, 9)[:, None]
        curve = (foot + t * (0, -tall) + t**2 * (lean, 0)) * SIZE[1]
        cv2.polylines(
            blades, [np.rint(curve * 8).astype(np.int32)], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 3
        )
    sheet.wash(blades / np.float32(255), "#2f5f4a", 0.85, 0, 0.3)
    u, v = x - 0.60, y - 0.575
    hull = (np.abs(u) < 0.062) & (v > -0.004 - 2.2 * u**2) & (v < 0.013 - 3.2 * u**2)
    sheet.lift(blur(hull.astype(np.float32), 0.8), 0.85)
    sheet.wash(hull * 1.0, "#8a3f35", 1.0, 0.3, 0.7)
    man = ((np.abs(u - 0.012) < 0.0075 * (1 + 12 * (v + 0.02))) & (v > -0.034) & (v < 0)) | (
        np.hypot(u - 0.012, v + 0.039) < 0.006
    )
    hat = (np.abs(u - 0.012) < 0.016 - 1.6 * (-0.038 - v)) & (v < -0.038) & (v > -0.048)
    sheet.wash((man | hat) * 1.0, "#2f3f5f", 1.0, 0.3, 0.5)
    shade = (
        (np.abs(u + 0.12 * v * np.sin(v * 800)) < 0.055 - 0.5 * v)
        & (v > 0.014)
        & (v < 0.05)
        & (noise(x * 12, y * 160) > -0.3)
    )
    sheet.wash(shade * 1.0, "#5a4a5f", 0.6, 1, 0.4)


def _blossom(sheet: _Paper) -> None:
    """A branch that reaches in from the upper left, with flowers, and paint spattered from the brush."""
    rng = np.random.default_rng(14)
    wood = np.zeros(SIZE, np.uint8)
    tips: list[np.ndarray] = []

    def grow(start: np.ndarray, heading: float, length: float, thick: float) -> None:
        point, steps = start, max(int(length / 0.012), 2)
        for step in range(steps):
            heading += rng.normal(0, 0.13) + 0.012
            following = point + 0.012 * np.array([np.cos(heading), np.sin(heading)])
            girth = max(int(thick * (1 - 0.6 * step / steps)), 1)
            ends = [tuple(np.rint(p * SIZE[1] * 8).astype(int).tolist()) for p in (point, following)]
            cv2.line(wood, *ends, 255, girth, cv2.LINE_AA, 3)
            point = following
            if rng.random() < (0.5 if thick < 5 else 0.16):
                tips.append(point + rng.normal(0, 0.008, 2))
            if step > 1 and rng.random() < 0.2 and length > 0.07:
                grow(point, heading + rng.choice((-1, 1)) * rng.uniform(0.4, 0.9), length * 0.5, thick * 0.55)

    grow(np.array([-0.02, 0.09]), 0.10, 0.46, 15)
    grow(np.array([-0.02, 0.22]), -0.1, 0.17, 9)
    sheet.wash(wood / np.float32(255), "#4a3230", 1.15, 0.2, 0.6, 0.3)
    pale, deep, heart = (np.zeros(SIZE, np.uint8) for _ in range(3))
    for tip in tips:
        size = rng.uniform(0.006, 0.0125)
        for petal in range(5):
            turn = petal * 2 * np.pi / 5 + rng.uniform(0, 1)
            centre = np.rint((tip + 0.8 * size * np.array([np.cos(turn), np.sin(turn)])) * SIZE[1]).astype(
                int
            )
            axes = (int(size * 0.85 * SIZE[1]), int(size * 0.62 * SIZE[1]))
            layer = pale if rng.random() < 0.62 else deep
            cv2.ellipse(layer, centre.tolist(), axes, np.degrees(turn), 0, 360, 255, -1, cv2.LINE_AA)
        cv2.circle(
            heart,
            np.rint(tip * SIZE[1]).astype(int).tolist(),
            int(size * 0.32 * SIZE[1]),
            255,
            -1,
            cv2.LINE_AA,
        )
    petals = np.maximum(pale, deep) / np.float32(255)
    sheet.lift(blur(petals, 0.8), 0.8)
    sheet.wash(pale / np.float32(255), "#f4b3c2", 0.8, 0.4, 0.9)
    sheet.wash(deep / np.float32(255), "#e0637f", 0.85, 0.4, 0.9)
    sheet.wash(heart / np.float32(255), "#a02c4a", 0.9, 0.6, 0.4)
    drops = np.zeros(SIZE, np.uint8)
    for _ in range(110):
        place = (rng.beta(1.2, 2.2), rng.beta(1.3, 2.0) * 0.75)
        centre = [int(place[0] * SIZE[1]), int(place[1] * SIZE[1])]
        cv2.circle(drops, centre, int(rng.gamma(1.6, 1.3)) + 1, 255, -1, cv2.LINE_AA)
    sheet.wash(drops / np.float32(255), "#d9758a", 0.55, 0.2, 1.0)
