"""Random int8 models whose channels die in every way that training and conversion know."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.graph import INPUT, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import random_images, random_model
from wakeling.verify.images import extreme_images, trial_inputs


def dying_model(seed: int) -> QuantizedModel:
    """`random_model` with filters of zeros, columns of zeros and biases of either sign and any size."""
    model = random_model(seed)
    rng = np.random.default_rng([seed, 7])
    weights, biases = dict(model.weights), dict(model.biases)
    for node in model.graph.nodes:
        if not isinstance(node.op, Conv2D | DepthwiseConv2D | Dense):
            continue
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        weight = weights[key].copy()
        share = rng.choice([0, 0.3, 0.8])
        if isinstance(node.op, DepthwiseConv2D):
            weight[..., rng.random(weight.shape[-1]) < share] = 0
        else:
            weight[rng.random(weight.shape[0]) < share] = 0
            weight[..., rng.random(weight.shape[-1]) < rng.choice([0, 0.3, 0.8])] = 0
        weights[key] = weight
        if bias_key in biases and node.name != model.graph.output:
            bias = biases[bias_key].astype(np.int64)
            drowned = rng.random(len(bias)) < rng.choice([0, 0.3, 0.8])
            largest = int(rng.choice([10**5, 10**7, 2**31 - 1]))
            bias[drowned] = rng.choice([-largest, -largest, largest], drowned.sum())
            biases[bias_key] = bias.astype(np.int32)
    return dataclasses.replace(model, weights=weights, biases=biases)


def trials(model: QuantizedModel, seed: int) -> npt.NDArray[Any]:
    """Extreme images, and noise, as inputs of the model's type."""
    shape = model.graph.input_shape
    assert len(shape) == 3
    return trial_inputs(model, np.concatenate([extreme_images(shape), random_images(model, 8, seed)]))


def every_input(model: QuantizedModel) -> npt.NDArray[np.int8]:
    """All 65,536 inputs of a model that takes two int8 values."""
    shape = model.graph.shapes[INPUT]
    grid = np.indices((256, 256)).reshape(2, -1).T - 128
    return grid.reshape(-1, *shape).astype(np.int8)
