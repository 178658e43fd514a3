from __future__ import annotations

import numpy as np
import torch

from tests.train.pictures import tiny_graph
from wakeling.nets import build, export_weights, initialize
from wakeling.train.averaging import Average, averaged_names


def network(seed: int = 0):
    module = build(tiny_graph())
    initialize(module, seed)
    return module


def batches(count: int = 3):
    random = torch.Generator().manual_seed(0)
    return [torch.rand(8, 3, 16, 16, generator=random) * (index + 1) for index in range(count)]


def test_the_average_follows_the_weights_by_its_decay():
    module = network()
    average = Average(module, 0.9)
    first = export_weights(module)["head_dense/weight"].copy()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 1.0
    average.update(step=10_000)
    found = export_weights(average.module)["head_dense/weight"]
    np.testing.assert_allclose(found, 0.9 * first + 0.1 * (first + 1), atol=1e-6)
    early = Average(network(), 0.9)
    early._averaged[0][1].data += 1.0
    before = early._averaged[0][0].clone()
    early.update(step=0)
    torch.testing.assert_close(early._averaged[0][0], before + 0.9)


def test_without_decay_the_average_is_the_module():
    module = network()
    average = Average(module, 0.0)
    module.train()(batches(1)[0])
    with torch.no_grad():
        for parameter in module.parameters():
            parameter *= 1.5
    average.update(step=3)
    one, two = export_weights(module), export_weights(average.module)
    assert all(np.array_equal(one[key], two[key]) for key in one)


def test_statistics_are_averaged_and_counters_copied():
    names = averaged_names(network())
    assert any(name.endswith("running_var") for name in names)
    assert not any(name.endswith("num_batches_tracked") for name in names)
