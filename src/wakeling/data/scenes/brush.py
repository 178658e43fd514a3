"""Drawing in an object's own coordinates, and keeping track of which pixels belong to which person.

A `Brush` draws on an RGB image of `side` x `side` pixels. Its coordinates are the object's: x to the right
(or to the left when mirrored), y up from the object's foot, in units of the object's height. While `owner`
is not 0, or once anybody has been drawn, each shape is also drawn into the owner map: person number n
leaves the value n there, and everything drawn over a person wipes the value out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from wakeling.data.scenes.palette import Color

Point = tuple[float, float]

_ROUND = tuple((math.cos(2 * math.pi * k / 12), math.sin(2 * math.pi * k / 12)) for k in range(12))


class Surface:
    """The picture that brushes share: colors, owner map, side of the light (-1 left, 1 right)."""

    __slots__ = ("draw", "image", "light", "owner", "owner_draw", "owners", "side", "veil")

    def __init__(self, image: Image.Image, light: int) -> None:
        self.image = image
        self.side = image.width
        self.draw = ImageDraw.Draw(image)
        self.veil = ImageDraw.Draw(image, "RGBA")
        self.light = light
        self.owner = 0
        self.owners: Image.Image | None = None
        self.owner_draw: ImageDraw.ImageDraw | None = None

    def track(self, owner: int) -> None:
        """From now on the shapes belong to person number `owner`; 0 is nobody."""
        self.owner = owner
        if owner and self.owners is None:
            self.owners = Image.new("L", (self.side, self.side), 0)
            self.owner_draw = ImageDraw.Draw(self.owners)


class Brush:
    """Draws shapes in the coordinates of one object that stands at (`x`, `foot`) of the picture.

    `x`, `foot` and `unit` (the length of 1 in the object's coordinates) are fractions of the picture's side.
    """

    __slots__ = ("foot", "light", "mirror", "pixels", "surface", "x")

    def __init__(self, surface: Surface, x: float, foot: float, unit: float, mirror: int = 1) -> None:
        self.surface = surface
        self.pixels = unit * surface.side
        self.x = x * surface.side
        self.foot = foot * surface.side
        self.mirror = mirror * self.pixels
        self.light = surface.light * mirror

    def place(self, point: Point) -> Point:
        """The pixel of a point of the object."""
        return self.x + self.mirror * point[0], self.foot - self.pixels * point[1]

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """A filled polygon."""
        x, foot, mirror, pixels = self.x, self.foot, self.mirror, self.pixels
        self._fill([(x + mirror * p, foot - pixels * q) for p, q in points], color)

    def ellipse(self, x: float, y: float, half_width: float, half_height: float, color: Color) -> None:
        """A filled ellipse around (x, y)."""
        center_x, center_y = self.x + self.mirror * x, self.foot - self.pixels * y
        a, b = half_width * self.pixels, half_height * self.pixels
        box = (center_x - a, center_y - b, center_x + a, center_y + b)
        surface = self.surface
        surface.draw.ellipse(box, fill=color)
        if surface.owner_draw is not None:
            surface.owner_draw.ellipse(box, fill=surface.owner)

    def ball(self, x: float, y: float, half_width: float, half_height: float, color: Color) -> None:
        """An ellipse with a lit side."""
        self.ellipse(x, y, half_width, half_height, _dim(color))
        shift = 0.13 * self.light
        self.ellipse(
            x + shift * half_width, y + 0.1 * half_height, 0.85 * half_width, 0.87 * half_height, color
        )

    def limb(self, start: Point, end: Point, start_radius: float, end_radius: float, color: Color) -> None:
        """A tapered bar with round ends from `start` to `end`."""
        (x0, y0), (x1, y1) = self.place(start), self.place(end)
        r0, r1 = start_radius * self.pixels, end_radius * self.pixels
        length = math.hypot(x1 - x0, y1 - y0)
        surface = self.surface
        if length > 0.3:
            nx, ny = (y0 - y1) / length, (x1 - x0) / length
            quad = [
                (x0 + nx * r0, y0 + ny * r0),
                (x1 + nx * r1, y1 + ny * r1),
                (x1 - nx * r1, y1 - ny * r1),
                (x0 - nx * r0, y0 - ny * r0),
            ]
            self._fill(quad, color)
        for x, y, r in ((x0, y0, r0), (x1, y1, r1)):
            if r >= 1.0:
                box = (x - r, y - r, x + r, y + r)
                surface.draw.ellipse(box, fill=color)
                if surface.owner_draw is not None:
                    surface.owner_draw.ellipse(box, fill=surface.owner)

    def tube(self, start: Point, end: Point, start_radius: float, end_radius: float, color: Color) -> None:
        """A limb with a lit side; plain when it is too thin to show one."""
        if start_radius * self.pixels < 2.5:
            self.limb(start, end, start_radius, end_radius, color)
            return
        self.limb(start, end, start_radius, end_radius, _dim(color))
        shift = 0.2 * self.light
        self.limb(
            (start[0] + shift * start_radius, start[1] + 0.15 * start_radius),
            (end[0] + shift * end_radius, end[1] + 0.15 * end_radius),
            0.8 * start_radius,
            0.8 * end_radius,
            color,
        )

    def slab(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """A filled rectangle with corners (x0, y0) and (x1, y1)."""
        (a, b), (c, d) = self.place((x0, y0)), self.place((x1, y1))
        box = (min(a, c), min(b, d), max(a, c), max(b, d))
        surface = self.surface
        surface.draw.rectangle(box, fill=color)
        if surface.owner_draw is not None:
            surface.owner_draw.rectangle(box, fill=surface.owner)

    def leaf(self, x: float, y: float, length: float, width: float, degrees: float, color: Color) -> None:
        """An ellipse turned by `degrees` (0 along x, 90 up), `length` and `width` being half axes."""
        turn = math.radians(degrees)
        c, s = math.cos(turn), math.sin(turn)
        points = [(x + length * u * c - width * v * s, y + length * u * s + width * v * c) for u, v in _ROUND]
        self.polygon(points, color)

    def shadow(self, x: float, half_width: float, strength: float) -> None:
        """A dark ellipse on the ground; never part of a person."""
        center_x, center_y = self.place((x, 0.0))
        a, b = half_width * self.pixels, 0.22 * half_width * self.pixels
        box = (center_x - a, center_y - b, center_x + a, center_y + b)
        self.surface.veil.ellipse(box, fill=(0, 0, 0, int(255 * strength)))

    def _fill(self, points: list[Point], color: Color) -> None:
        surface = self.surface
        surface.draw.polygon(points, fill=color)
        if surface.owner_draw is not None:
            surface.owner_draw.polygon(points, fill=surface.owner)


def _dim(color: Color) -> Color:
    return int(color[0] * 0.74), int(color[1] * 0.74), int(color[2] * 0.77)
