from __future__ import annotations

import pytest
import torch

from tests.quantize.networks import float_tensors, lively_weights
from tests.train.pictures import pictures, tiny_graph
from wakeling.errors import DataError
from wakeling.quantize.fold import fold
from wakeling.quantize.observe import extent, observe
from wakeling.train.augment import to_real

IMAGES = pictures(150).images


def network():
    graph = tiny_graph()
    return fold(graph, lively_weights(graph, 2))


def test_ranges_are_the_extremes_over_all_batches():
    fused, weights = network()
    ranges = observe(fused, weights, IMAGES)
    tensors = float_tensors(fused, weights, to_real(IMAGES, torch.device("cpu")))
    assert ranges.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert ranges[name] == pytest.approx((tensor.min(), tensor.max()), rel=1e-5, abs=1e-6)
    assert all(high <= 6 for name, (low, high) in ranges.items() if name in ("stem", "depthwise", "last"))
    assert all(low >= 0 for name, (low, high) in ranges.items() if name in ("stem", "depthwise", "last"))


def test_outliers_can_be_left_out():
    fused, weights = network()
    whole, trimmed = observe(fused, weights, IMAGES), observe(fused, weights, IMAGES, outlier_share=0.01)
    assert all(whole[n][0] <= trimmed[n][0] <= trimmed[n][1] <= whole[n][1] for n in whole)
    assert trimmed["pointwise"][1] < whole["pointwise"][1]
    values = torch.arange(100.0)
    assert extent(values, 0.05) == (5.0, 94.0)
    assert extent(values) == (0.0, 99.0)


def test_calibration_needs_photos():
    fused, weights = network()
    with pytest.raises(DataError, match="at least one photo"):
        observe(fused, weights, IMAGES[:0])
