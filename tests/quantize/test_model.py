"""The quantized model: what it accepts, its file, its content hash."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from wakeling.errors import GraphError, ModelFileError
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Add, Dense, Dequantize, ElementType, Quantize, Reshape
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.testing.random_models import quantize_randomly, random_model


def assert_same(left: QuantizedModel, right: QuantizedModel) -> None:
    assert left.graph == right.graph
    assert dict(left.tensors) == dict(right.tensors)
    assert left.labels == right.labels
    assert left.preprocessing == right.preprocessing
    for part in ("weights", "weight_scales", "biases"):
        ours, theirs = getattr(left, part), getattr(right, part)
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert ours[key].dtype == theirs[key].dtype
            np.testing.assert_array_equal(ours[key], theirs[key])


@pytest.mark.parametrize("seed", range(12))
def test_a_saved_model_comes_back_whole(seed: int, tmp_path: Path) -> None:
    model = random_model(seed)
    model.save(tmp_path / "model.npz")
    loaded = QuantizedModel.load(tmp_path / "model.npz")
    assert_same(model, loaded)
    assert loaded.content_hash == model.content_hash
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_the_same_model_gives_the_same_file(tmp_path: Path) -> None:
    random_model(3).save(tmp_path / "one.npz")
    random_model(3).save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_content_hash_sees_every_part() -> None:
    model = random_model(1)
    key = next(iter(model.weights))
    changed = model.weights[key].copy()
    changed.flat[0] ^= 1
    node = next(iter(model.weight_scales))
    name = next(iter(model.biases))
    others = [
        dataclasses.replace(model, weights={**model.weights, key: changed}),
        dataclasses.replace(
            model, weight_scales={**model.weight_scales, node: model.weight_scales[node] * np.float32(2)}
        ),
        dataclasses.replace(model, biases={**model.biases, name: model.biases[name] + np.int32(1)}),
        dataclasses.replace(model, labels=tuple(reversed(model.labels))),
        dataclasses.replace(model, name="other"),
    ]
    assert len({model.content_hash, *(other.content_hash for other in others)}) == len(others) + 1


def test_scales_are_rounded_to_float32() -> None:
    assert TensorQuant(scale=0.1, zero_point=0).scale == float(np.float32(0.1))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e-60, 1e60])
def test_an_impossible_scale_is_refused(scale: float) -> None:
    with pytest.raises(GraphError, match="scale"), np.errstate(over="ignore"):
        TensorQuant(scale=scale, zero_point=0)


@pytest.mark.parametrize("zero_point", [-129, 256])
def test_a_zero_point_outside_every_type_is_refused(zero_point: int) -> None:
    with pytest.raises(GraphError, match="zero point"):
        TensorQuant(scale=1.0, zero_point=zero_point)


def typed_model(input_type: ElementType, tensors: dict[str, TensorQuant]) -> QuantizedModel:
    """quantize(input) and an int8 sum with a constant, then floats."""
    builder = GraphBuilder("typed", (2, 3, 1), input_type)
    tensor = builder.append(Quantize(), INPUT, name="q")
    tensor = builder.append(Add(constant=(3, 1)), tensor, name="sum")
    tensor = builder.append(Dequantize(), tensor, name="real")
    builder.append(Reshape(shape=(6,)), tensor, name="flat")
    return QuantizedModel(
        name="typed",
        graph=builder.build(),
        tensors=tensors,
        weights={"sum/constant": np.array([[1], [2], [3]], np.int8)},
        weight_scales={},
        biases={},
        labels=tuple("abcdef"),
        preprocessing=None,
    )


STEPS = {
    "q": TensorQuant(scale=0.5, zero_point=-128),
    "sum": TensorQuant(scale=0.7, zero_point=127),
    "sum/constant": TensorQuant(scale=0.1, zero_point=3),
}
PIXELS = TensorQuant(scale=0.5, zero_point=255)


@pytest.mark.parametrize(("input_type", "tensors"), [("float32", {}), ("uint8", {INPUT: PIXELS})])
def test_tensors_of_other_types_come_back(
    input_type: ElementType, tensors: dict[str, TensorQuant], tmp_path: Path
) -> None:
    model = typed_model(input_type, {**STEPS, **tensors})
    model.save(tmp_path / "model.npz")
    assert_same(model, QuantizedModel.load(tmp_path / "model.npz"))


def test_zero_points_belong_to_the_type() -> None:
    with pytest.raises(GraphError, match=r"int8, so its zero point must be in -128..127; given 255"):
        typed_model("int8", {**STEPS, INPUT: PIXELS})
    with pytest.raises(GraphError, match=r"uint8, so its zero point must be in 0..255; given -128"):
        typed_model("uint8", {**STEPS, INPUT: STEPS["q"]})
    with pytest.raises(GraphError, match="float32 and must have no scale"):
        typed_model("float32", {**STEPS, INPUT: PIXELS})
    with pytest.raises(GraphError, match="'sum/constant' has no scale"):
        typed_model("float32", {key: value for key, value in STEPS.items() if key != "sum/constant"})


def test_a_dense_layer_has_one_scale_or_one_a_unit() -> None:
    builder = GraphBuilder("dense", (1, 1, 4))
    builder.append(Dense(units=3), builder.append(Reshape(shape=(4,)), INPUT, name="flat"), name="dense")
    model = quantize_randomly(builder.build(), 0)
    for count in (1, 3):
        dataclasses.replace(model, weight_scales={"dense": np.full(count, 0.1, np.float32)})
    with pytest.raises(GraphError, match="scales must be"):
        dataclasses.replace(model, weight_scales={"dense": np.full(2, 0.1, np.float32)})


def broken_models() -> dict[str, tuple[dict[str, object], str]]:
    model = random_model(1)
    key, node = next(iter(model.weights)), next(iter(model.weight_scales))
    last = model.graph.nodes[-1].name
    return {
        "missing tensor": ({"tensors": {}}, "no scale"),
        "missing weight": ({"weights": {}}, "missing"),
        "weight of another type": (
            {"weights": {**model.weights, key: model.weights[key].astype(np.int16)}},
            "int8",
        ),
        "weight of another shape": ({"weights": {**model.weights, key: model.weights[key][:-1]}}, "shape"),
        "missing scales": ({"weight_scales": {}}, "scales is missing"),
        "negative scales": (
            {"weight_scales": {**model.weight_scales, node: -model.weight_scales[node]}},
            "positive",
        ),
        "missing bias": ({"biases": {}}, "bias is missing"),
        "labels": ({"labels": ("a",)}, "labels"),
        "softmax scale": (
            {"tensors": {**model.tensors, last: TensorQuant(scale=0.5, zero_point=0)}},
            "1/256",
        ),
    }


@pytest.mark.parametrize("what", broken_models())
def test_a_model_that_lacks_something_is_refused(what: str) -> None:
    change, message = broken_models()[what]
    with pytest.raises(GraphError, match=message) as raised:
        dataclasses.replace(random_model(1), **change)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def damaged_files() -> dict[str, bytes]:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, header=np.frombuffer(b'{"format": "other"}', np.uint8))
    return {
        "empty": b"",
        "text": b"not a model",
        "zip header only": b"PK\x03\x04 and then nothing of use",
        "another npz": buffer.getvalue(),
        "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00]\x94.",
    }


@pytest.mark.parametrize("what", damaged_files())
def test_a_file_that_is_no_model_gives_one_line(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(damaged_files()[what])
    with pytest.raises(ModelFileError, match=r"model\.npz") as raised:
        QuantizedModel.load(path)
    assert "\n" not in str(raised.value)


def test_a_truncated_model_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    random_model(2).save(path)
    content = path.read_bytes()
    for size in range(0, len(content), len(content) // 40):
        path.write_bytes(content[:size])
        with pytest.raises(ModelFileError):
            QuantizedModel.load(path)


def test_a_model_with_flipped_bytes_loads_as_something_valid_or_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    random_model(2).save(path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            QuantizedModel.load(path)
        except ModelFileError:
            refused += 1
    assert refused > 30  # the zip's checksums see most of it


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        QuantizedModel.load(tmp_path / "none.npz")
    with pytest.raises(ModelFileError, match="folder"):
        QuantizedModel.load(tmp_path)
