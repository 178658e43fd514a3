"""TFLite's operators written out as loops over one image (height, width, channels), in float64."""

from __future__ import annotations

import math

import numpy as np


def windows(size: int, kernel: int, stride: int, padding: str, dilation: int = 1) -> list[range]:
    """The positions inside an axis of `size` that each window covers, padding left out.

    SAME has ceil(size / stride) windows; the first starts total // 2 before the axis, where total
    is what the windows need beyond it (TensorFlow's documentation of `tf.nn.convolution`).
    """
    kernel = (kernel - 1) * dilation + 1
    if padding == "valid":
        count, before = (size - kernel) // stride + 1, 0
    else:
        count = math.ceil(size / stride)
        before = max((count - 1) * stride + kernel - size, 0) // 2
    starts = [index * stride - before for index in range(count)]
    return [range(start, start + kernel, dilation) for start in starts]


def convolve(image, weight, kernel, stride, padding, *, depthwise, dilation=(1, 1), groups=1):
    """Convolution with `weight` as `graph.weight_key` shapes it, by its definition."""
    height, width, _ = image.shape
    rows = windows(height, kernel[0], stride[0], padding, dilation[0])
    columns = windows(width, kernel[1], stride[1], padding, dilation[1])
    filters = weight.shape[3] if depthwise else weight.shape[0]
    out = np.zeros((len(rows), len(columns), filters))
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            for i, source_y in enumerate(row):
                for j, source_x in enumerate(column):
                    if not (0 <= source_y < height and 0 <= source_x < width):
                        continue
                    pixel = image[source_y, source_x].astype(np.float64)
                    if depthwise:
                        multiplier = filters // len(pixel)
                        for channel in range(filters):
                            out[y, x, channel] += pixel[channel // multiplier] * weight[0, i, j, channel]
                        continue
                    inside, made = len(pixel) // groups, filters // groups
                    for channel in range(filters):
                        group = channel // made
                        seen = pixel[group * inside : (group + 1) * inside]
                        out[y, x, channel] += weight[channel, i, j] @ seen
    return out


def pool(image, size, stride, padding, reduce):
    """`reduce` over the positions of each window that lie inside the image."""
    height, width, channels = image.shape
    rows = windows(height, size[0], stride[0], padding)
    columns = windows(width, size[1], stride[1], padding)
    out = np.zeros((len(rows), len(columns), channels))
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            inside = [image[i, j] for i in row for j in column if 0 <= i < height and 0 <= j < width]
            out[y, x] = reduce(np.array(inside), axis=0)
    return out
