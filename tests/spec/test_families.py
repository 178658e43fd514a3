"""The families against closed forms and what their papers and code publish."""

from __future__ import annotations

import json
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import graph as graphs
from wakeling import spec
from wakeling.errors import SpecError
from wakeling.spec.families.knobs import repeats
from wakeling.spec.families.mobilenet_v1 import scale_filters as scale_v1
from wakeling.spec.families.mobilenet_v2 import scale_filters as scale_v2
from wakeling.spec.families.published import published_table

KNOBS = st.fixed_dictionaries(
    {
        "alpha": st.floats(0.05, 2.0, allow_nan=False),
        "resolution": st.integers(16, 256),
        "channels": st.sampled_from((1, 3)),
        "classes": st.integers(2, 50),
        "depth": st.floats(0.2, 2.0),
    }
)


def test_v1_is_the_table_of_its_paper() -> None:
    lowered = spec.lower(spec.FAMILIES["mobilenet_v1"](classes=1000))
    shapes = [node.shape for node in lowered.nodes if node.name.endswith(("_conv", "_pointwise"))]
    # Howard et al. 2017, table 1: output of conv1 and of each pointwise convolution
    assert shapes == [
        (112, 112, 32),
        (112, 112, 64),
        (56, 56, 128),
        (56, 56, 128),
        (28, 28, 256),
        (28, 28, 256),
        *[(14, 14, 512)] * 6,
        (7, 7, 1024),
        (7, 7, 1024),
    ]


def test_v2_is_the_table_of_its_paper() -> None:
    lowered = spec.lower(spec.FAMILIES["mobilenet_v2"](classes=1000))
    shapes = [node.shape for node in lowered.nodes if node.name.endswith(("_conv", "_project"))]
    # Sandler et al. 2018, table 2
    assert shapes == [
        (112, 112, 32),
        (112, 112, 16),
        *[(56, 56, 24)] * 2,
        *[(28, 28, 32)] * 3,
        *[(14, 14, 64)] * 4,
        *[(14, 14, 96)] * 3,
        *[(7, 7, 160)] * 3,
        (7, 7, 320),
        (7, 7, 1280),
    ]
    assert sum(node.name.endswith("_add") for node in lowered.nodes) == 10


def test_v1_training_parameters_are_keras_figure() -> None:
    lowered = spec.lower(spec.make("mobilenet_v1", classes=1000))
    assert sum(math.prod(shape) for shape in graphs.weight_shapes(lowered).values()) == 4_253_864


def test_v2_training_parameters_are_the_known_figures() -> None:
    sizes = graphs.weight_shapes(spec.lower(spec.make("mobilenet_v2", classes=1000)))
    moving = ("/mean", "/variance")
    assert sum(math.prod(shape) for shape in sizes.values()) == 3_538_984
    trainable = sum(math.prod(shape) for key, shape in sizes.items() if not key.endswith(moving))
    assert trainable == 3_504_872  # torchvision's and Keras's count


@pytest.mark.parametrize("row", published_table("mobilenet_v2"), ids=lambda r: f"{r.alpha}-{r.resolution}")
def test_v2_parameters_round_to_the_published_ones(row: spec.Published) -> None:
    """The table counts weights and the classifier's biases, no batch norm values."""
    network = spec.make("mobilenet_v2", alpha=row.alpha, resolution=row.resolution, classes=1000)
    sizes = graphs.weight_shapes(spec.lower(network))
    counted = sum(math.prod(shape) for key, shape in sizes.items() if key.endswith(("/weight", "/bias")))
    assert counted / 1e6 == pytest.approx(row.parameters_millions, abs=0.0051)


@pytest.mark.parametrize(
    ("filters", "alpha", "expected"),
    [(32, 0.25, 8), (32, 0.35, 11), (64, 0.35, 22), (32, 0.1, 8), (1024, 0.75, 768), (32, 1.3, 41)],
)
def test_v1_channels_are_cut_not_rounded(filters: int, alpha: float, expected: int) -> None:
    assert scale_v1(filters, alpha) == expected


@pytest.mark.parametrize(
    ("filters", "alpha", "expected"),
    # 32·0.35 = 11.2 rounds to 8 but that is more than 10 % less, so 16 (as slim's code does)
    [(32, 0.35, 16), (24, 0.35, 8), (32, 1.4, 48), (16, 0.5, 8), (24, 0.75, 24), (1280, 1.4, 1792)],
)
def test_v2_channels_are_multiples_of_eight(filters: int, alpha: float, expected: int) -> None:
    assert scale_v2(filters, alpha) == expected


@given(filters=st.integers(1, 2000), alpha=st.floats(0.01, 4))
def test_v2_channels_never_lose_more_than_a_tenth(filters: int, alpha: float) -> None:
    scaled = scale_v2(filters, alpha)
    assert scaled % 8 == 0
    assert scaled >= 8
    assert scaled >= 0.9 * filters * alpha


def test_v2_last_convolution_grows_but_never_shrinks() -> None:
    def last(alpha: float) -> int:
        block = spec.make("mobilenet_v2", alpha=alpha).blocks[-2]
        assert isinstance(block, spec.StandardConv)
        return block.filters

    assert [last(alpha) for alpha in (0.35, 1.0, 1.4)] == [1280, 1280, 1792]


@pytest.mark.parametrize(
    ("count", "depth", "expected"), [(6, 0.5, 3), (1, 0.5, 1), (2, 0.75, 2), (5, 1.1, 6), (6, 1.0, 6)]
)
def test_depth_rounds_the_repeats_up(count: int, depth: float, expected: int) -> None:
    assert repeats(count, depth) == expected


def test_depth_of_floating_point_dust_adds_no_block() -> None:
    assert repeats(3, 1.1 - 0.1) == 3
    assert repeats(10, 0.1) == 1


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
@given(knobs=KNOBS)
def test_networks_round_trip_and_are_made_again_from_their_knobs(
    family: str, knobs: dict[str, float]
) -> None:
    network = spec.make(family, **knobs)
    assert spec.FAMILIES[family](**network.knobs) == network
    assert dict(network.knobs) == knobs
    assert spec.from_json(json.loads(json.dumps(spec.to_json(network)))) == network
    assert spec.from_toml(spec.to_toml(network)) == network
    assert spec.lower(spec.from_toml(spec.to_toml(network))) == spec.lower(network)


@given(first=KNOBS, second=KNOBS)
def test_different_knobs_have_different_names(first: dict[str, float], second: dict[str, float]) -> None:
    names = {spec.make("mobilenet_v1", **knobs).name for knobs in (first, second)}
    near = abs(first["alpha"] - second["alpha"]) < 1e-9 and abs(first["depth"] - second["depth"]) < 1e-9
    assert len(names) == 2 or near


def test_toml_is_readable_and_standard() -> None:
    text = spec.to_toml(spec.make("mobilenet_v1", alpha=0.25, resolution=96))
    assert '{ block = "depthwise_separable", filters = 16, kernel = 3, stride = 1' in text
    assert tomllib.loads(text)["knobs"]["alpha"] == 0.25
    assert max(map(len, text.splitlines())) < 110


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"alpha": 0.0}, "alpha is 0.0; it must be a number from 0.01 to 4"),
        ({"alpha": -1.0}, "alpha is -1.0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"alpha": math.inf}, "alpha is inf"),
        ({"alpha": 1e9}, "alpha is 1000000000.0"),
        ({"alpha": "wide"}, "alpha is 'wide'"),
        ({"alpha": True}, "alpha is True"),
        ({"resolution": 0}, "resolution is 0; it must be a whole number from 16 to 1024"),
        ({"resolution": 7}, "resolution is 7"),
        ({"resolution": 100_000}, "resolution is 100000"),
        ({"resolution": 96.0}, "resolution is 96.0"),
        ({"channels": 2}, "channels is 2; it must be one of 1, 3"),
        ({"channels": True}, "channels is True"),
        ({"channels": 3.0}, "channels is 3.0"),
        ({"classes": 1}, "classes is 1"),
        ({"classes": 10**7}, "classes is 10000000"),
        ({"depth": 0}, "depth is 0"),
        ({"depth": math.nan}, "depth is nan"),
        ({"wdith": 1}, "unknown knob"),
    ],
)
def test_wrong_knobs_are_refused_in_one_line(family: str, knobs: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec.make(family, **knobs)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_family_names_are_understood_in_other_spellings() -> None:
    assert spec.family_name("mobilenet-v1") == "mobilenet_v1"
    assert spec.family_name("MobileNet_V2") == "mobilenet_v2"
    with pytest.raises(SpecError, match="unknown network family 'mobilenet_v9'; known: mobilenet_v"):
        spec.family_name("mobilenet_v9")


def test_published_rows_belong_to_exactly_their_network() -> None:
    made = spec.make("mobilenet_v1", alpha=0.25, resolution=128, classes=1000)
    row = spec.published(made)
    assert row is not None
    assert row.top1_percent == 41.5
    assert "tensorflow/models" in row.source
    for other in ({"classes": 2}, {"channels": 1}, {"depth": 0.5}, {"resolution": 96}, {"alpha": 0.3}):
        assert spec.published(spec.make("mobilenet_v1", **{**made.knobs, **other})) is None
