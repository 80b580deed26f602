"""The worlds of the sample clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from samples.balloon import balloon
from samples.nature import SIZE, build_village, clear_of, clothe, clouded, plant_wood, ramp, scatter
from samples.noise import Noise, linear, mix, smoothstep
from samples.relief import BROADLEAF, FIR, GROUND, WATER, Camera, Relief
from samples.world import Body, Light, Sky, World, haze, illuminate, mirror

CONIFERS, AUTUMN = ("#2f4a24", "#4b5d2c"), ("#7d7a2a", "#7d7a2a", "#a5782c", "#c0762c")


def _finish(
    relief: Relief,
    albedo: np.ndarray,
    light: Light,
    sky: Sky,
    ripple: np.ndarray,
    deep: str,
    lamps: float = 0,
) -> np.ndarray:
    """Light from every cell: lit, seen through air, and the water a mirror over a colour of its own."""
    lit = haze(relief, illuminate(relief, albedo, light), light)
    water = relief.kind == WATER
    if water.any():
        lamp = (relief.foot > 0)[..., None] * np.array((1.0, 0.55, 0.2)) * lamps
        seen = mirror(relief, (lit + lamp).astype(np.float32), sky, light, ripple)
        share = 0.55 + 0.25 * smoothstep(30, 300, relief.z)
        lit[water] = mix(np.broadcast_to(linear(deep), seen.shape), seen, share)[water]
    return lit


def _ripple(relief: Relief, noise: Noise, height: float) -> np.ndarray:
    return height * noise.fbm(relief.x / 0.8, relief.z / 2.5, 4) * np.clip(40 / relief.z, 0.1, 1)


@cache
def valley() -> World:
    """A lake among autumn woods and mountains, passed by a camera that moves sideways and turns."""
    light = Light(
        sun=np.array([-0.78, 0.42, 0.25]),
        sun_colour=np.array([3.1, 2.25, 1.35]),
        sky_colour=np.array([0.35, 0.45, 0.62]),
        haze_colour=linear("#b9b4c6"),
        haze_depth=8500.0,
        eye_height=15.0,
    )
    sky = clouded(
        ("#f6d3a0", "#b9c2cb", "#6fa2d6", "#4682c8", "#3a6fb4"), ("#9a91a6", "#fff0d8"), 0.75, 8,
        (-0.9, 0.1, "#ffcf8a"),
    )  # fmt: skip

    def camera(frame: int) -> Camera:
        t = frame / 74 - 0.5
        return Camera((10.0 * t, 15 - 0.8 * t, 4.0 * t), -0.085 * t, 0.875, 0.43, *SIZE)

    return _valley(light, sky, "#16323a", camera, 75)


@cache
def dusk() -> World:
    """The valley from another place, after the sun has gone: one picture."""
    light = Light(
        sun=np.array([0.55, 0.16, 0.8]),
        sun_colour=np.array([1.5, 0.5, 0.2]),
        sky_colour=np.array([0.17, 0.16, 0.36]),
        haze_colour=linear("#8a5a78"),
        haze_depth=4200.0,
        eye_height=15.0,
    )
    sky = clouded(
        ("#ffb463", "#f08a5c", "#a8608a", "#4f4688", "#2c3070"), ("#5a3f6a", "#ff9a6a"), 0.75, 8,
        (0.45, 0.06, "#ff8a3c"),
    )  # fmt: skip
    return _valley(light, sky, "#1a1838", lambda frame: Camera((6, 15, 3), 0.12, 0.875, 0.43, 640, 360), 1)


def _valley(light: Light, sky: Sky, deep: str, camera: Callable[[int], Camera], frames: int) -> World:
    relief = Relief(9, 7000, 1.15, 0.0019)
    noise, rng = Noise(3), np.random.default_rng(3)
    x, z = relief.x, relief.z
    centre = 6 + 0.10 * z + 26 * np.sin(z / 150)
    shore = np.abs(x - centre) / (18 + 0.2 * z) + 0.22 * noise.fbm(x / 60, z / 60, 7, smooth=4)
    land = smoothstep(0.75, 2.0, shore)
    land = np.maximum(land, smoothstep(60, 30, z + 6 * noise(x / 20, z / 20)))
    land = np.maximum(land, smoothstep(650, 800, z))
    rolling = 1 + 0.4 * noise.fbm(x / 220, z / 220, 9, 0.42, smooth=6)
    hills = 5 + 0.075 * np.minimum(z, 600) * smoothstep(0.9, 3.5, shore) * rolling
    peaks = noise.fbm(x / 2600 + 4.3, z / 2600, 11, 0.42, ridged=True, smooth=6)
    ground = -1.5 + land * (hills + 1.1 * noise.fbm(x / 30, z / 30, 9, 0.4, smooth=5))
    ground += smoothstep(650, 3600, np.hypot(x, z)) * peaks * (470 + 0.05 * np.abs(x))
    ground += 9.5 * np.exp(-(((x + 12) / 34) ** 2) - ((z - 10) / 26) ** 2)
    relief.height = np.maximum(ground, 0).astype(np.float32)
    relief.kind[ground <= 0] = WATER
    sites = scatter(rng, 5000, 45, 1500, 0.95)
    thick = noise.fbm(sites[:, 0] / 90, sites[:, 1] / 90, 3)
    heights = relief.sample(relief.height, sites[:, 0], sites[:, 1])
    keep = (thick + rng.normal(0, 0.4, len(sites)) > 0.1) & (heights > 1.5)
    plant_wood(relief, (FIR, FIR, BROADLEAF), sites[keep], 13, 1)
    near = np.array([[14, 27], [17.5, 31], [9.5, 34], [20, 38], [-19, 36], [-14, 41], [-24, 44]])
    plant_wood(relief, (FIR,), near, 11, 5)
    lit = _finish(relief, _valley_colours(relief, noise), light, sky, _ripple(relief, noise, 0.25), deep)
    return World(relief, lit, sky, camera, frames)


def _valley_colours(relief: Relief, noise: Noise) -> np.ndarray:
    x, z, y = relief.x, relief.z, relief.height
    fine = np.clip(noise.fbm(x / 0.5, z / 0.5, 4, 0.7), -1.5, 1.5)
    patches = smoothstep(-1, 1.6, noise.fbm(x / 25, z / 25, 8, 0.6))
    albedo = ramp(("#5d6b2c", "#a58b45"), patches) * (1 + 0.3 * fine)[..., None]
    steep = smoothstep(0.85, 0.6, relief.normals()[..., 1])
    rock = linear("#8c8078") * (1 + 0.25 * noise.fbm(x / 40, z / 40 + y / 20, 6, 0.7))[..., None]
    albedo = mix(albedo, rock, steep * smoothstep(20, 80, y))
    snow = smoothstep(200, 290, y + 30 * noise.fbm(x / 200, z / 200, 6)) * smoothstep(1.0, 0.3, steep)
    albedo = mix(albedo, linear("#f4f2f4"), snow)
    flowers = smoothstep(1.7, 2.2, noise(x / 0.35, z / 0.35)) * smoothstep(0.2, 0.9, noise(x / 7, z / 7))
    blooms = ramp(("#f2e9d8", "#d9485a", "#e8b93a"), smoothstep(-1, 1, noise(x / 4 + 9, z / 4)))
    albedo = mix(albedo, blooms, flowers * smoothstep(60, 30, z))
    albedo = mix(albedo, linear("#c2a878"), smoothstep(0.9, 0.2, y) * (relief.kind == GROUND))
    return clothe(relief, albedo, noise, CONIFERS, AUTUMN)


@cache
def passing() -> World:
    """A balloon that crosses in front of a village among fields, hiding the church for a while."""
    relief = Relief(14, 6000, 0.9, 0.0018)
    noise, rng = Noise(6), np.random.default_rng(6)
    x, z = relief.x, relief.z
    ground = 4 + 5 * noise.fbm(x / 170, z / 170, 9, 0.4, smooth=6) + 0.02 * z
    ground += 24 * np.exp(-(((x - 16) / 75) ** 2) - ((z - 235) / 60) ** 2)
    ground += 9 * np.exp(-(((x + 18) / 22) ** 2) - ((z - 24) / 16) ** 2)
    peaks = noise.fbm(x / 1900 + 1.3, z / 1900 + 2, 10, 0.42, ridged=True, smooth=6)
    ground += smoothstep(700, 3500, np.hypot(x, z)) * (80 + 190 * peaks)
    relief.height = np.maximum(ground, 0.3).astype(np.float32)
    church = np.array([(10.0, 232.0), (24.0, 232.0)])  # tower and nave
    places = np.array([16, 205]) + rng.normal(0, 1, (230, 2)) * (62, 26)
    houses: list[np.ndarray] = []
    for place in clear_of(places, church, 17):
        if not houses or clear_of(place[None], np.array(houses), 12).size:
            houses.append(place)
    build_village(relief, np.array(houses), church[0], 4)
    sites = scatter(rng, 6500, 60, 2200, 0.85)
    hedges = np.abs(noise(sites[:, 0] / 60, sites[:, 1] / 60)) < 0.16
    woods = noise.fbm(sites[:, 0] / 130 + 5, sites[:, 1] / 130, 3) > 0.75
    trees = clear_of(sites[hedges | woods], np.array([*houses, *church]), 12)
    plant_wood(relief, (BROADLEAF, BROADLEAF, FIR), trees, 11, 2)
    light = Light(
        sun=np.array([0.75, 0.48, -0.16]),
        sun_colour=np.array([2.7, 2.25, 1.65]),
        sky_colour=np.array([0.40, 0.50, 0.66]),
        haze_colour=linear("#b4c3d8"),
        haze_depth=4200.0,
        eye_height=30.0,
    )
    sky = clouded(
        ("#f0e9d8", "#9cc6ea", "#559ae0", "#3a7fd0", "#2f6fc0"), ("#a3acbd", "#fffaf0"), 0.8, 23, None
    )
    lit = _finish(relief, _field_colours(relief, noise), light, sky, np.zeros_like(x), "#000000")

    def camera(frame: int) -> Camera:
        t = frame / 74 - 0.5
        return Camera((2.4 * t, 30 + 0.3 * t, 0.0), 0.008 * t, 0.95, 0.40, *SIZE)

    def pose(frame: int) -> tuple[np.ndarray, np.ndarray]:
        t = frame / 74 - 0.5
        turn = 0.5 * t
        cos, sin = np.cos(turn), np.sin(turn)
        rotation = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        return rotation, np.array([78.0 * t + 3, 31 + 5 * t, 58.0 - 4 * t])

    return World(relief, lit, sky, camera, 75, exposure=0.82, bodies=(Body(balloon(light), pose, 19.0),))


@cache
def without_balloon() -> World:
    """The village of `passing` as it is behind the balloon."""
    return replace(passing(), bodies=())


def _field_colours(relief: Relief, noise: Noise) -> np.ndarray:
    """Fields of many crops, each with furrows of its own direction."""
    x, z = relief.x, relief.z
    bent_x, bent_z = x + 14 * noise(x / 120, z / 120), z + 14 * noise(x / 120 + 7, z / 120)
    column, row = np.floor((0.9 * bent_x + 0.4 * bent_z) / 42), np.floor((0.9 * bent_z - 0.4 * bent_x) / 58)
    crop = np.sin(column * 12.9898 + row * 78.233) * 43758.5453 % 1
    fields = ramp(
        ("#6f8a35", "#c9a545", "#8a6a3f", "#4f7a34", "#d8bf6a", "#93a548", "#a5563c", "#7d9440"), crop
    )
    turn = np.floor(crop * 16) * 0.9
    furrows = np.sin((np.cos(turn) * x + np.sin(turn) * z) * 2.4) * np.clip(90 / z, 0, 1)
    fine = np.clip(noise.fbm(x / 0.9, z / 0.9, 5, 0.7), -1.5, 1.5)
    patches = noise.fbm(x / 40, z / 40, 6, 0.6)
    albedo = fields * (1 + 0.24 * fine + 0.16 * furrows + 0.14 * patches)[..., None]
    wild = smoothstep(500, 1300, z + 150 * noise(x / 300, z / 300))
    albedo = mix(albedo, ramp(("#3f5a2c", "#7d8a4a"), smoothstep(-1, 1, patches)), wild)
    steep = smoothstep(0.8, 0.55, relief.normals()[..., 1])
    albedo = mix(albedo, linear("#8a8288"), steep * smoothstep(70, 150, relief.height))
    path = np.abs(x - 10 - 24 * np.sin(z / 55)) < 2.2
    albedo = mix(albedo, linear("#d6c29a") * (1 + 0.2 * fine)[..., None], path * smoothstep(700, 500, z))
    return clothe(relief, albedo, noise, ("#34522a", "#4f6a30"), ("#4f7a2c", "#6f8f35", "#a58a35", "#5f8a3a"))


@cache
def harbour() -> World:
    """A lit village at a bay under the moon."""
    relief = Relief(14, 5000, 0.95, 0.002)
    noise, rng = Noise(9), np.random.default_rng(9)
    x, z = relief.x, relief.z
    coast = 150 + 45 * np.sin(x / 85 + 0.8) + 0.10 * np.abs(x) + 9 * noise.fbm(x / 40, z / 40, 5, smooth=3)
    inland = z - coast
    ground = -2 + 4 * smoothstep(0, 8, inland) + 0.12 * np.clip(inland, 0, 400)
    ground += smoothstep(10, 200, inland) * 10 * noise.fbm(x / 150, z / 150, 8, 0.42, smooth=6)
    ground += (
        smoothstep(300, 1800, inland)
        * 240
        * noise.fbm(x / 1100, z / 1100 + 3, 9, 0.42, ridged=True, smooth=5)
    )
    ground += 13 * np.exp(-(((x + 24) / 15) ** 2) - ((z - 34) / 16) ** 2)
    relief.height = np.maximum(ground, 0).astype(np.float32)
    relief.kind[ground <= 0] = WATER
    church = np.array([(32.0, 205.0), (43.0, 205.0)])  # tower and nave
    places = scatter(rng, 420, 120, 290, 0.8)
    heights = relief.sample(relief.height, places[:, 0], places[:, 1])
    houses: list[np.ndarray] = []
    for place in clear_of(places[(heights > 1.2) & (heights < 24)], church, 16):
        if not houses or clear_of(place[None], np.array(houses), 11).size:
            houses.append(place)
    build_village(relief, np.array(houses), church[0], 8)
    sites = scatter(rng, 2200, 25, 700, 0.85)
    dry = relief.sample(relief.height, sites[:, 0], sites[:, 1]) > 2.5
    plant_wood(relief, (FIR, BROADLEAF), clear_of(sites[dry], np.array([*houses, *church]), 11), 9, 3)
    light = Light(
        sun=np.array([0.45, 0.5, 0.5]),
        sun_colour=np.array([0.34, 0.46, 0.72]),
        sky_colour=np.array([0.09, 0.14, 0.27]),
        haze_colour=linear("#2c3f66"),
        haze_depth=3000.0,
        eye_height=12.0,
    )
    sky = _night_sky()
    fine = noise.fbm(x / 6, z / 6, 6, 0.6)
    albedo = clothe(
        relief, ramp(("#3f5238", "#8a8560"), smoothstep(-1.5, 1.5, fine)), noise, CONIFERS, AUTUMN
    )
    lit = _finish(relief, albedo, light, sky, _ripple(relief, noise, 0.32), "#0c1c38", lamps=0.22)

    def camera(frame: int) -> Camera:
        t = frame / 37 - 0.5
        return Camera((3.0 * t, 12.0, 5.0 * t), 0.02 * t, 0.875, 0.45, *SIZE)

    return World(relief, lit, sky, camera, 38, exposure=1.25, windows=np.array([1.25, 0.6, 0.15]))


def _night_sky() -> Sky:
    sky = clouded(("#4f6690", "#2a4474", "#1a2c56", "#101c40"), ("#25345c", "#6f80a8"), 0.55, 31, None)
    x, y = Sky.plane()
    away = np.hypot(x - 0.22, y - 0.27)
    stars = smoothstep(2.75, 3.3, Noise(77)(x * 75, y * 75)) * smoothstep(0.05, 0.3, y)
    craters = 1 - 0.45 * smoothstep(0, 1.2, Noise(5).fbm(x * 30, y * 30, 4))
    light = (
        sky.light + 0.9 * stars[..., None] + np.exp(-away / 0.12)[..., None] * np.array([0.16, 0.19, 0.24])
    )
    moon = np.array([1.15, 1.05, 0.8]) * craters[..., None]
    return Sky(mix(light, moon, smoothstep(0.043, 0.040, away)).astype(np.float32), sky.half_width, sky.top)


@cache
def desert() -> World:
    """Dunes and red rocks at noon."""
    relief = Relief(6, 6000, 0.95, 0.002)
    noise = Noise(12)
    x, z = relief.x, relief.z
    ground = 9 * noise.fbm(x / 95 + 2, z / 60, 2, 0.3, ridged=True, smooth=2) + 2 * noise.fbm(
        x / 120, z / 120, 6, 0.35, smooth=6
    )
    ground += (
        0.035
        * np.sin((0.5 * x + z + 1.3 * noise.fbm(x / 9, z / 9, 2, smooth=2)) * 4.5)
        * np.clip(40 / z, 0, 1)
    )
    rough = noise.fbm(x / 60, z / 60, 7, 0.5, smooth=3)
    for place_x, place_z, radius, tall in (
        (-120, 420, 75, 105), (-15, 620, 45, 95), (190, 520, 95, 125), (330, 900, 190, 130), (-420, 1000, 220, 150),
        (60, 1500, 260, 140), (-75, 395, 26, 40),
    ):  # fmt: skip
        away = np.hypot(x - place_x, z - place_z) / radius + 0.13 * rough
        tower = smoothstep(1.06, 0.9, away) * 0.62 + smoothstep(1.7, 0.95, away) * 0.38
        ground = np.maximum(ground, ground * 0.3 + tall * tower + 3 * rough * (away < 1))
    relief.height = (ground + 4).astype(np.float32)
    light = Light(
        sun=np.array([0.82, 0.42, 0.18]),
        sun_colour=np.array([2.9, 2.5, 1.95]),
        sky_colour=np.array([0.42, 0.52, 0.68]),
        haze_colour=linear("#cdbfae"),
        haze_depth=6500.0,
        eye_height=16.0,
    )
    sky = clouded(
        ("#dfe3dc", "#9cc4e0", "#4f92d0", "#2464b4", "#1a4f9c"), ("#c4ccd8", "#ffffff"), 0.45, 47, None
    )
    grains = noise.fbm(x / 1.5, z / 1.5, 6, 0.65)
    sand = ramp(("#b0703c", "#c98f50", "#dcab6c"), 0.5 + 0.13 * grains)
    layers = np.sin(relief.height * 0.55 + 1.5 * rough) + 0.6 * np.sin(relief.height * 1.7)
    rock = ramp(("#8a3f26", "#b8603a", "#d68a58"), 0.5 + 0.28 * layers) * (1 + 0.15 * grains)[..., None]
    steep = smoothstep(0.93, 0.75, relief.normals()[..., 1]) * smoothstep(14, 22, relief.height)
    lit = _finish(relief, mix(sand, rock, steep).astype(np.float32), light, sky, np.zeros_like(x), "#000000")

    def camera(frame: int) -> Camera:
        t = frame / 36 - 0.5
        return Camera((-4.0 * t, 17.5, 4.0 * t), -0.03 * t, 0.875, 0.47, *SIZE)

    return World(relief, lit, sky, camera, 37, exposure=0.85)
