"""Convolutions by loops that count what they do: slow, plain, and without a formula."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """What was really done."""

    multiplications: int = 0
    additions: int = 0
    outputs: int = 0


def convolve(
    tally: Tally,
    image: list[list[list[int]]],
    filters: list[list[list[list[int]]]],
    *,
    stride: int,
    padding_rows: tuple[int, int],
    padding_columns: tuple[int, int],
    biases: list[int] | None = None,
) -> list[list[list[int]]]:
    """The output map [row][column][filter]; a filter is [row][column][channel].

    The window starts at the padded map's corner and moves on for as long as it fits.
    """
    channels = len(image[0][0])
    padded = _pad(image, padding_rows, padding_columns, channels)
    kernel = len(filters[0])
    result = []
    top = 0
    while top + kernel <= len(padded):
        row = []
        left = 0
        while left + kernel <= len(padded[0]):
            row.append([])
            for number, weights in enumerate(filters):
                total = None
                for y in range(kernel):
                    for x in range(kernel):
                        for channel in range(len(weights[0][0])):
                            product = weights[y][x][channel] * padded[top + y][left + x][channel]
                            tally.multiplications += 1
                            if total is None:
                                total = product
                            else:
                                total += product
                                tally.additions += 1
                if biases is not None:
                    total += biases[number]
                    tally.additions += 1
                row[-1].append(total)
                tally.outputs += 1
            left += stride
        result.append(row)
        top += stride
    return result


def depthwise(
    tally: Tally, image: list[list[list[int]]], filters: list[list[list[list[int]]]], **geometry: object
) -> list[list[list[int]]]:
    """One K×K×1 filter for each channel, each on its own channel alone."""
    planes = []
    for channel, weights in enumerate(filters):
        plane = [[[pixel[channel]] for pixel in row] for row in image]
        planes.append(convolve(tally, plane, [weights], **geometry))  # type: ignore[arg-type]
    return [
        [[plane[y][x][0] for plane in planes] for x in range(len(planes[0][0]))]
        for y in range(len(planes[0]))
    ]


def block(rows: int, columns: int, channels: int, start: int = 1) -> list[list[list[int]]]:
    """Some whole numbers, [row][column][channel]."""
    return [
        [[start + 7 * y + 3 * x + c for c in range(channels)] for x in range(columns)] for y in range(rows)
    ]


def _pad(
    image: list[list[list[int]]], rows: tuple[int, int], columns: tuple[int, int], channels: int
) -> list[list[list[int]]]:
    width = len(image[0]) + sum(columns)
    zero = [0] * channels
    padded = [[zero] * width for _ in range(rows[0])]
    padded += [[zero] * columns[0] + row + [zero] * columns[1] for row in image]
    return padded + [[zero] * width for _ in range(rows[1])]
