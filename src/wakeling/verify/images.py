"""Images that try an int8 model at its ends: extremes, patterns and noise.

Real photos come from the caller; these are put before them. Here pixels also become inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wakeling.graph import INPUT
from wakeling.ops import Quantize
from wakeling.quantize import golden
from wakeling.quantize.kernels import Values
from wakeling.quantize.model import QuantizedModel

NOISE_SEED = 20


def extreme_images(shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Eight uint8 images (8, height, width, channels), always the same for a shape.

    All 0, all 255, all 128, checkerboards of 1 and 8 pixels, a gradient, noise over 0..255, and
    noise of only 0 and 255.
    """
    height, width, channels = shape
    rng = np.random.default_rng(NOISE_SEED)
    rows, columns = np.indices((height, width))
    planes = [
        np.zeros((height, width)),
        np.full((height, width), 255),
        np.full((height, width), 128),
        (rows + columns) % 2 * 255,
        (rows // 8 + columns // 8) % 2 * 255,
        (rows * 255 // max(height - 1, 1) + columns * 255 // max(width - 1, 1)) // 2,
    ]
    images = [np.repeat(plane[..., np.newaxis], channels, axis=-1) for plane in planes]
    images += [rng.integers(0, 256, shape), rng.integers(0, 2, shape) * 255]
    return np.stack(images).astype(np.uint8)


def noise_images(shape: tuple[int, int, int], count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Noise over 0..255, (count, height, width, channels), for where there are no photos."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def trial_inputs(model: QuantizedModel, pixels: npt.NDArray[np.uint8]) -> Values:
    """Pixels as inputs of the model's type that reach every step of its first tensor.

    A float32 input does not say what it wants, so a pixel becomes the real number that the first
    quantize makes pixel − 128 of, half a step off for every second image.
    """
    if model.graph.input_type != "float32":
        return golden.to_input(model, pixels)
    quants = [
        model.tensors[node.name] for node in model.graph.consumers[INPUT] if isinstance(node.op, Quantize)
    ]
    if not quants:
        return pixels.astype(np.float32)
    steps = pixels.astype(np.float32) - 128 - quants[0].zero_point
    steps[::2] += np.float32(0.5)
    reals: Values = np.float32(quants[0].scale) * steps
    return reals
