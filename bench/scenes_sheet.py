"""Draws the contact sheet of the documentation: scenes 0 to 35 of a series, a green bar over each person.

python bench/scenes_sheet.py docs/images/scenes.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from wakeling.data.scenes import render

BAR = {0: (190, 40, 40), 1: (40, 180, 60)}


def sheet(seed: int, rows: int, columns: int, size: int) -> Image.Image:
    page = np.full((rows * (size + 6), columns * (size + 3), 3), 255, np.uint8)
    for number in range(rows * columns):
        scene = render(seed, number, size)
        top, left = (number // columns) * (size + 6), (number % columns) * (size + 3)
        page[top : top + 3, left : left + size] = BAR[scene.label]
        page[top + 3 : top + 3 + size, left : left + size] = scene.image
    return Image.fromarray(page).quantize(256, dither=Image.Dither.NONE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sheet(arguments.seed, 4, 9, 96).save(arguments.path, optimize=True)


if __name__ == "__main__":
    main()
