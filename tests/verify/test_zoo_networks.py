"""Famous networks at full size, with random integers, tensor by tensor in both runtimes."""

from __future__ import annotations

import pytest

from wakeling import zoo
from wakeling.export import tflite
from wakeling.quantize.deployable import deployed_structure
from wakeling.quantize.runtime_limits import tflm_refusals
from wakeling.testing.random_models import quantize_randomly, random_images
from wakeling.verify import verify


def check(name: str) -> None:
    model = quantize_randomly(deployed_structure(zoo.build(name)), 0)
    report = verify(model, tflite.to_bytes(model), random_images(model, 0, 0), tensor_images=2)
    assert report.agrees, report.summary
    assert report.golden_equals_tflm


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "shufflenet-v2-x1.0",
        "mobilenet-v3-small",
        "mobilenet-v3-large",
        "efficientnet-b0",
        "squeezenet-1.1",
        "googlenet",
    ],
)
def test_networks_of_every_kind_agree_on_every_tensor(name: str) -> None:
    check(name)


def test_every_network_has_an_int8_form_and_only_dense_net_is_too_wide_for_tflm() -> None:
    refused = {name for name in zoo.NETWORKS if tflm_refusals(deployed_structure(zoo.build(name)))}
    assert refused == {"densenet-121"}
