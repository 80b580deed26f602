"""The worlds of the sample clips."""

from __future__ import annotations

from functools import cache

import numpy as np

from samples.noise import Noise, linear, mix, smoothstep
from samples.relief import BROADLEAF, FIR, GROUND, WATER, Camera, Relief
from samples.world import Light, Sky, World, haze, illuminate, mirror

SIZE = (320, 180)


def _forest(relief: Relief, kinds: tuple[int, ...], sites: np.ndarray, size: float, seed: int) -> None:
    rng, noise = np.random.default_rng(seed), Noise(seed)
    feet = relief.sample(relief.height, sites[:, 0], sites[:, 1])
    for (x, z), foot in zip(sites, feet, strict=True):
        kind = int(rng.choice(kinds))
        tall = size * rng.uniform(0.6, 1.25) * (1.0 if kind == FIR else 0.62)
        radius = tall * rng.uniform(0.2, 0.28) * (1.0 if kind == FIR else 2.1)
        relief.plant(kind, (x, z, foot), (tall, radius), int(rng.integers(1000)), noise)


def _scatter(rng: np.random.Generator, count: int, near: float, far: float, half_width: float) -> np.ndarray:
    """Random ground points, evenly dense in the picture rather than on the ground."""
    z = np.exp(rng.uniform(np.log(near), np.log(far), count))
    return np.stack([rng.uniform(-half_width, half_width, count) * z, z], -1)


@cache
def valley() -> World:
    relief = Relief(7, 7000, 1.2, 0.0016)
    noise, rng = Noise(3), np.random.default_rng(3)
    x, z = relief.x, relief.z
    centre = 6 + 0.10 * z + 26 * np.sin(z / 150)
    shore = np.abs(x - centre) / (18 + 0.2 * z) + 0.22 * noise.fbm(x / 60, z / 60, 7, smooth=4)
    land = smoothstep(0.75, 2.0, shore)
    land = np.maximum(land, smoothstep(60, 30, z + 6 * noise(x / 20, z / 20)))
    land = np.maximum(land, smoothstep(650, 800, z))
    hills = 5 + 0.075 * np.minimum(z, 600) * smoothstep(0.9, 3.5, shore) * (
        1 + 0.4 * noise.fbm(x / 220, z / 220, 9, 0.42, smooth=6)
    )
    peaks = noise.fbm(x / 2600 + 4.3, z / 2600, 11, 0.42, ridged=True, smooth=6)
    ground = -1.5 + land * (hills + 1.1 * noise.fbm(x / 30, z / 30, 9, 0.4, smooth=5))
    ground += smoothstep(650, 3600, np.hypot(x, z)) * peaks * (470 + 0.05 * np.abs(x))
    ground += 9.5 * np.exp(-(((x + 12) / 34) ** 2) - ((z - 10) / 26) ** 2)
    relief.height = np.maximum(ground, 0).astype(np.float32)
    relief.kind[ground <= 0] = WATER
    light = Light(
        np.array([-0.78, 0.42, 0.25]),
        np.array([3.1, 2.25, 1.35]),
        np.array([0.35, 0.45, 0.62]),
        linear("#b9b4c6"),
        8500.0,
        15.0,
    )
    sites = _scatter(rng, 5000, 45, 1500, 0.95)
    thick = noise.fbm(sites[:, 0] / 90, sites[:, 1] / 90, 3)
    heights = relief.sample(relief.height, sites[:, 0], sites[:, 1])
    keep = (thick + rng.normal(0, 0.4, len(sites)) > 0.1) & (heights > 1.5)
    _forest(relief, (FIR, FIR, BROADLEAF), sites[keep], 13, 1)
    near = np.array([[14, 27], [17.5, 31], [9.5, 34], [20, 38], [-19, 36], [-14, 41], [-24, 44]])
    _forest(relief, (FIR,), near, 11, 5)
    albedo = _valley_colours(relief, noise)
    lit = illuminate(relief, albedo, light)
    lit = haze(relief, lit, light)
    sky = _evening_sky(Noise(8))
    ripple = 0.25 * noise.fbm(x / 0.8, z / 2.5, 4) * np.clip(40 / z, 0.1, 1)
    water = relief.kind == WATER
    seen = mirror(relief, lit, sky, light, ripple)
    depth = mix(np.broadcast_to(linear("#16323a"), seen.shape), seen, 0.55 + 0.25 * smoothstep(30, 300, z))
    lit[water] = depth[water]

    def camera(frame: int) -> Camera:
        t = frame / 74 - 0.5
        return Camera((10.0 * t, 15 - 0.8 * t, 4.0 * t), -0.085 * t, 0.875, 0.43, *SIZE)

    return World(relief, lit, sky, camera, 75)


def _valley_colours(relief: Relief, noise: Noise) -> np.ndarray:
    x, z, y = relief.x, relief.z, relief.height
    patches = noise.fbm(x / 25, z / 25, 8, 0.6)
    fine = noise.fbm(x / 0.5, z / 0.5, 4, 0.7)
    grass = mix(
        np.broadcast_to(linear("#5d6b2c"), (*x.shape, 3)), linear("#a58b45"), smoothstep(-1, 1.6, patches)
    )
    albedo = grass * (1 + 0.3 * np.clip(fine, -1.5, 1.5))[..., None]
    steep = smoothstep(0.85, 0.6, relief.normals()[..., 1])
    rock = linear("#8c8078") * (1 + 0.25 * noise.fbm(x / 40, z / 40 + y / 20, 6, 0.7))[..., None]
    albedo = mix(albedo, rock, steep * smoothstep(20, 80, y))
    snow = smoothstep(210, 300, y + 30 * noise.fbm(x / 200, z / 200, 6)) * smoothstep(1.0, 0.3, steep)
    albedo = mix(albedo, linear("#f4f2f4"), snow)
    sand = smoothstep(0.9, 0.2, y) * (relief.kind == GROUND)
    albedo = mix(albedo, linear("#c2a878"), sand)
    tint = relief.tint
    fir = mix(np.broadcast_to(linear("#2f4a24"), albedo.shape), linear("#4b5d2c"), tint)
    leaf = mix(np.broadcast_to(linear("#7d7a2a"), albedo.shape), linear("#c0762c"), smoothstep(0.35, 1, tint))
    for kind, colour in ((FIR, fir), (BROADLEAF, leaf)):
        albedo = np.where((relief.kind == kind)[..., None], colour * (1 + 0.3 * fine)[..., None], albedo)
    return np.clip(albedo, 0.01, 0.95).astype(np.float32)


def _evening_sky(noise: Noise) -> Sky:
    x, y = Sky.plane()
    height = np.clip(y / 0.5, 0, 1)
    base = mix(
        np.broadcast_to(linear("#f3cf9c"), (*x.shape, 3)), linear("#7fa6cf"), smoothstep(0, 0.55, height)
    )
    base = mix(base, linear("#3f6fae"), smoothstep(0.4, 1.4, height))
    glow = np.exp(-((x + 0.9) ** 2 + (y - 0.1) ** 2) / 0.25)
    base = base + glow[..., None] * linear("#ffcf8a") * 0.6
    px, pz = x / (y + 0.09), 1 / (y + 0.09)
    density = noise.fbm(px / 2.2, pz / 1.5, 9, 0.55, smooth=4)
    lit = noise.fbm(px / 2.2 - 0.12, pz / 1.5 + 0.06, 5, 0.55)
    cover = smoothstep(0.15, 1.5, density)
    shade = smoothstep(-0.8, 0.9, density - lit + 0.2)
    cloud = mix(np.broadcast_to(linear("#9a91a6"), base.shape), linear("#fff0d8") * 1.25, shade)
    return Sky(mix(base, cloud, cover * 0.9).astype(np.float32), 1.3, 0.8)
