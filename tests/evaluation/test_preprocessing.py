"""How a model's preprocessing is found, and what a wrong file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wakeling.errors import ModelFileError
from wakeling.evaluation.preprocessing import DEFAULT_FEEDS, ModelPreprocessing, read_toml, resolve

PEERS = Path(__file__).parents[2] / "examples" / "peers"
OURS = {"preprocessing": {"input": "minus128"}, "labels": ["not_person", "person"]}


def found(model: Path, **changes: Any) -> ModelPreprocessing:
    arguments: dict[str, Any] = {
        "given": None,
        "metadata": None,
        "dtype": "int8",
        "channels": 3,
        "outputs": 2,
        **changes,
    }
    return resolve(model=model, **arguments)


@pytest.mark.parametrize("dtype", DEFAULT_FEEDS)
def test_without_anything_it_is_a_guess_from_the_type(dtype: str, tmp_path: Path) -> None:
    guess = found(tmp_path / "model.tflite", dtype=dtype)
    assert guess.input == {"int8": "minus128", "uint8": "raw", "float32": "unit"}[dtype]
    assert (guess.channels, guess.wake_word_output, guess.output) == ("rgb", 1, "probabilities")
    assert "guess" in guess.origin
    assert found(tmp_path / "model.tflite", channels=1).channels == "gray"


def test_metadata_beats_a_guess_a_file_beside_beats_it_and_a_given_one_beats_all(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    assert found(model, metadata=OURS).origin == "the model's metadata"
    beside = tmp_path / "model.preprocessing.toml"
    beside.write_text('input = "unit"\n')
    assert found(model, metadata=OURS).input == "unit"
    assert found(model, metadata=OURS).origin == str(beside)
    given = tmp_path / "other.toml"
    given.write_text('input = "signed_unit"\nchannels = "bgr"\nwake_word_output = 0\noutput = "logits"\n')
    assert found(model, given=given, metadata=OURS) == ModelPreprocessing(
        input="signed_unit", channels="bgr", wake_word_output=0, output="logits", origin=str(given)
    )


@pytest.mark.parametrize("path", sorted(PEERS.glob("*.toml")), ids=lambda path: path.name.partition(".")[0])
def test_every_example_is_a_valid_file(path: Path) -> None:
    entries = read_toml(path)
    assert {"input", "channels", "wake_word_output"} <= set(entries)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('input = "minus_128"', "unknown input 'minus_128'; known: minus128"),
        ('inputs = "raw"', "unknown entry 'inputs'; known: input"),
        ("input = 3", "unknown input"),
        ('channels = "rbg"', "unknown channels 'rbg'; known: rgb"),
        ('output = "logit"', "unknown output 'logit'; known: logits"),
        ("wake_word_output = -1", "wake_word_output must be"),
        ("wake_word_output = true", "wake_word_output must be"),
        ("wake_word_output = 2", "has 2"),
        ('channels = "gray"', "3 channels"),
        ("input = raw", "not valid TOML"),
    ],
)
def test_a_wrong_file_gives_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ModelFileError, match=message) as raised:
        found(tmp_path / "model.tflite", given=path)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelFileError, match="not valid TOML"):
        read_toml(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"preprocessing": 3, "labels": []},
        {"preprocessing": {"input": "other"}, "labels": ["a", "b"]},
        {"preprocessing": {"input": "raw"}, "labels": []},
        {"preprocessing": {"input": "raw"}, "labels": ["a", "b", "c"]},
    ],
)
def test_damaged_metadata_gives_one_line(metadata: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        found(tmp_path / "model.tflite", metadata=metadata)
