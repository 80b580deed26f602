"""What the worlds have in common: woods, villages, their colours, skies."""

from __future__ import annotations

import numpy as np

from samples.noise import Noise, linear, mix, smoothstep
from samples.relief import BROADLEAF, FIR, ROOF, WALL, Relief
from samples.world import Sky

SIZE = (320, 180)


def scatter(rng: np.random.Generator, count: int, near: float, far: float, half_width: float) -> np.ndarray:
    """Random ground points (N, 2), evenly dense in the picture rather than on the ground."""
    z = np.exp(rng.uniform(np.log(near), np.log(far), count))
    return np.stack([rng.uniform(-half_width, half_width, count) * z, z], -1)


def plant_wood(relief: Relief, kinds: tuple[int, ...], sites: np.ndarray, size: float, seed: int) -> None:
    """Trees of about `size` metres at the sites (N, 2)."""
    rng, noise = np.random.default_rng(seed), Noise(seed)
    feet = relief.sample(relief.height, sites[:, 0], sites[:, 1])
    for (x, z), foot in zip(sites, feet, strict=True):
        kind = int(rng.choice(kinds))
        tall = size * rng.uniform(0.6, 1.25) * (1.0 if kind == FIR else 0.62)
        radius = tall * rng.uniform(0.2, 0.28) * (1.0 if kind == FIR else 2.1)
        relief.plant(kind, (x, z, foot), (tall, radius), int(rng.integers(1000)), noise)


def build_village(relief: Relief, sites: np.ndarray, church: np.ndarray, seed: int) -> None:
    """Houses at the sites (N, 2) and a church with a tower."""
    rng = np.random.default_rng(seed)
    feet = relief.sample(relief.height, sites[:, 0], sites[:, 1])
    for (x, z), foot in zip(sites, feet, strict=True):
        size = (rng.uniform(9, 15), rng.uniform(7, 10), 2.9 * rng.integers(1, 4) + 0.6, rng.uniform(2.5, 4))
        relief.build((x, z, foot - 0.3), size, rng.normal(0, 0.5), rng.random())
    x, z = church
    foot = float(relief.sample(relief.height, np.array([x]), np.array([z]))[0])
    relief.build((x + 11, z, foot), (22, 11, 9, 7), 0.15, 0.02)
    relief.build((x, z, foot), (8, 8, 25, 15), 0.15, 0.02, spire=True)


def clear_of(sites: np.ndarray, others: np.ndarray, distance: float) -> np.ndarray:
    """Those of the sites (N, 2) that are that far from all others (M, 2)."""
    gaps = np.linalg.norm(sites[:, None] - others[None], axis=-1)
    return sites[gaps.min(1) > distance]


def clothe(
    relief: Relief, albedo: np.ndarray, noise: Noise, fir: tuple[str, str], leaf: tuple[str, ...]
) -> np.ndarray:
    """Colours (rows, columns, 3) with those of trees and houses laid over the bare ground's."""
    x, z, tint = relief.x, relief.z, relief.tint
    fine = noise.fbm(x / 0.5, z / 0.5, 4, 0.7)
    plants = ((FIR, fir, tint), (BROADLEAF, leaf, tint))
    for kind, palette, level in plants:
        tones = ramp(palette, level) * (1 + 0.3 * fine)[..., None]
        albedo = np.where((relief.kind == kind)[..., None], tones, albedo)
    walls = ramp(("#efe6d0", "#e0c191", "#d79a72", "#ece4da", "#c9b27f"), tint)
    roofs = ramp(("#9c4a2e", "#b8603a", "#8a4432", "#a5563c"), tint * 7 % 1)
    roofs *= (1 + 0.14 * fine + 0.12 * np.sin(relief.height * 9))[..., None]
    for kind, tones in ((WALL, walls * (1 + 0.08 * fine)[..., None]), (ROOF, roofs)):
        albedo = np.where((relief.kind == kind)[..., None], tones, albedo)
    return np.clip(albedo, 0.01, 0.95).astype(np.float32)


def ramp(palette: tuple[str, ...], level: np.ndarray) -> np.ndarray:
    """Linear light (..., 3) along a row of colours; level (...) from 0 to 1."""
    place = np.clip(level, 0, 1) * (len(palette) - 1)
    steps = np.stack([linear(code) for code in palette])
    low = np.minimum(place.astype(int), max(len(palette) - 2, 0))
    return mix(steps[low], steps[np.minimum(low + 1, len(palette) - 1)], place - low).astype(np.float32)


def clouded(
    base: tuple[str, ...],
    cloud: tuple[str, str],
    amount: float,
    seed: int,
    sun: tuple[float, float, str] | None,
) -> Sky:
    """A sky from the horizon's colour up, with clouds (shaded, lit) seen in perspective and the sun's glow.

    amount: 0 few clouds, 1 many. sun: (x, y, colour) on the plane z = 1.
    """
    noise = Noise(seed)
    x, y = Sky.plane()
    light = ramp(base, y / 0.62)
    if sun is not None:
        glow = np.exp(-((x - sun[0]) ** 2 + (y - sun[1]) ** 2) / 0.25)
        light = light + glow[..., None] * linear(sun[2]) * 0.6
    px, pz = x / (y + 0.09), 1 / (y + 0.09)
    density = noise.fbm(px / 2.2, pz / 1.5, 9, 0.55, smooth=4)
    towards = noise.fbm(px / 2.2 - 0.12, pz / 1.5 + 0.06, 5, 0.55)
    shade = smoothstep(-0.8, 0.9, density - towards + 0.2)
    cover = smoothstep(0.9 - amount, 2.2 - amount, density)
    return Sky(mix(light, ramp(cloud, shade) * 1.2, 0.9 * cover).astype(np.float32), 1.3, 0.8)
