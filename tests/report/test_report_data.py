"""The report's data: JSON there and back, and what it refuses."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from tests.report import sample
from wakeling.errors import DataError, RunError
from wakeling.report import BudgetUse, LiveTensor, MemoryStep, Mistake, ReportData, thumbnail_data_uri


def test_a_full_report_survives_json():
    data = sample.design_report()
    assert ReportData.from_json(json.loads(json.dumps(data.to_json(), allow_nan=False))) == data


def test_a_minimal_report_survives_json():
    data = sample.minimal_report()
    assert ReportData.from_json(json.loads(json.dumps(data.to_json()))) == data


def test_numpy_scalars_become_plain_json():
    data = dataclasses.replace(sample.minimal_report(), seed=np.int64(7))
    assert json.loads(json.dumps(data.to_json()))["seed"] == 7


def test_a_number_that_is_not_finite_is_refused_with_its_place():
    data = sample.design_report()
    broken = dataclasses.replace(
        data, training=(dataclasses.replace(data.training[0], loss=math.nan), *data.training[1:])
    )
    with pytest.raises(RunError, match=r"report\.training\[0\]\.loss is nan"):
        broken.to_json()


def test_an_object_that_is_no_plain_data_is_refused():
    with pytest.raises(RunError, match=r"report\.seed is a object"):
        dataclasses.replace(sample.minimal_report(), seed=object()).to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.pop("format"), "this is no report"),
        (lambda v: v.pop("verdict"), r"report lacks the field 'verdict'"),
        (lambda v: v.update(color="red"), r"unknown field 'color'"),
        (lambda v: v.update(seed="seven"), r"report\.seed is a str"),
        (lambda v: v.update(verdict=3), r"report\.verdict is a int; expected the fields of Verdict"),
        (lambda v: v["data"].update(kind="films"), r"report\.data\.kind is 'films'; allowed: photos, scenes"),
        (lambda v: v.update(candidates={}), r"report\.candidates is a dict"),
    ],
)
def test_malformed_json_is_refused_with_its_place(change, message):
    value = sample.design_report().to_json()
    change(value)
    with pytest.raises(RunError, match=message):
        ReportData.from_json(value)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/a.png",
        "photos/a.png",
        "data:image/svg+xml;base64,AAAA",
        'data:image/png;base64,AA" onerror="x',
    ],
)
def test_a_thumbnail_is_a_data_uri_and_nothing_else(uri):
    with pytest.raises(RunError, match="data URI"):
        Mistake(thumbnail=uri, path="a.png", label="person", probability=0.5)


def test_a_budget_is_broken_only_by_a_figure_above_its_limit():
    def use(used):
        return BudgetUse(name="RAM", used=used, limit=100, provenance="computed")

    assert [use(used).is_broken for used in (None, 99, 100, 101)] == [False, False, False, True]


def test_a_memory_step_sums_its_tensors():
    tensors = (LiveTensor(name="a", size_bytes=30), LiveTensor(name="b", size_bytes=12))
    assert MemoryStep(layer="conv", tensors=tensors).total_bytes == 42


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((96, 96, 3), (96, 96)),
        ((96, 96), (96, 96)),
        ((96, 96, 1), (96, 96)),
        ((300, 600, 3), (128, 64)),
        ((1, 1, 3), (1, 1)),
    ],
)
def test_a_thumbnail_keeps_its_shape_and_stays_small(shape, size):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    uri = thumbnail_data_uri(image)
    content = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"), validate=True)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == size
    assert Mistake(thumbnail=uri, path="a", label="person", probability=0.5).thumbnail == uri


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 4), np.uint8), np.zeros(8, np.uint8)],
)
def test_a_thumbnail_of_something_else_is_refused(image):
    with pytest.raises(DataError, match="a thumbnail needs uint8"):
        thumbnail_data_uri(image)
