"""Network files: TOML and JSON that round-trip, and one clear line for each mistake."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import spec
from wakeling.errors import GraphError, SpecError
from wakeling.spec import toml

EXAMPLES = Path(__file__).parents[2] / "examples" / "networks"
HEAD = '{ block = "classifier_head", classes = 2 }'
FAMILY = 'family = "mobilenet_v1"\n[knobs]\nalpha = 0.25\nresolution = 96\n'

BLOCKS = st.one_of(
    st.builds(
        spec.StandardConv,
        filters=st.integers(1, 64),
        kernel=st.sampled_from((1, 3, 5)),
        stride=st.sampled_from((1, 2)),
        activation=st.sampled_from(("relu", "relu6", "linear")),
    ),
    st.builds(spec.DepthwiseSeparable, filters=st.integers(1, 64), stride=st.sampled_from((1, 2))),
    st.builds(spec.InvertedResidual, filters=st.integers(1, 64), expansion=st.integers(1, 6)),
)
NETWORKS = st.builds(
    lambda name, resolution, channels, body, head: spec.Network(
        name=name, resolution=resolution, channels=channels, blocks=(*body, head)
    ),
    st.text(min_size=1, max_size=20).filter(str.isprintable),
    st.integers(16, 200),
    st.sampled_from((1, 3)),
    st.lists(BLOCKS, max_size=6),
    st.builds(spec.ClassifierHead, classes=st.integers(2, 20)),
)


@given(network=NETWORKS)
def test_any_network_round_trips(network: spec.Network) -> None:
    assert spec.from_json(json.loads(json.dumps(spec.to_json(network)))) == network
    assert spec.from_toml(spec.to_toml(network)) == network
    assert spec.lower(network).shapes[spec.lower(network).output] == (network.classes,)


@given(
    value=st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.booleans(),
            st.integers(-(2**60), 2**60),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
    )
)
def test_written_toml_reads_back(value: dict[str, object]) -> None:
    assert tomllib.loads(toml.dumps(value)) == value
    assert tomllib.loads(toml.dumps({"part": value})) == {"part": value}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_examples_load_and_lower(path: Path) -> None:
    network = spec.load(path)
    assert spec.lower(network).nodes


def test_a_family_and_its_knobs_are_a_whole_file() -> None:
    assert spec.from_toml(FAMILY) == spec.make("mobilenet_v1", alpha=0.25, resolution=96)


def test_a_familys_file_may_have_a_name_of_its_own() -> None:
    network = spec.from_toml('name = "door"\n' + FAMILY)
    assert network.name == "door"
    assert spec.from_toml(spec.to_toml(network)) == network


def test_json_and_toml_files_are_told_apart_by_their_ending(tmp_path: Path) -> None:
    network = spec.make("mobilenet_v2", alpha=0.35, resolution=64)
    (tmp_path / "net.json").write_text(json.dumps(spec.to_json(network)))
    (tmp_path / "net.TOML").write_text(spec.to_toml(network))
    assert spec.load(tmp_path / "net.json") == spec.load(str(tmp_path / "net.TOML")) == network


def _own(*lines: str, blocks: str = HEAD, without: str = "") -> str:
    keys = {"name": '"own"', "resolution": "64", "channels": "1", "blocks": f"[{blocks}]"}
    rows = [f"{key} = {value}" for key, value in keys.items() if key != without]
    return "\n".join((*rows, *lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not valid TOML"),
        ("", "needs name, resolution, channels, blocks; name is missing"),
        (_own(without="resolution"), "resolution is missing"),
        (_own("resolutoin = 3"), "unknown key of a network file 'resolutoin'; known: resolution"),
        (_own('format = "wakeling.network/9"'), "format is 'wakeling.network/9'"),
        (_own("[knobs]", "alpha = 1"), "knobs are given without a family"),
        (_own(blocks=""), "must end with its only classifier_head"),
        (_own(blocks=f"{HEAD}, {HEAD}"), "must end with its only classifier_head"),
        (_own(blocks='{ block = "standard_conv", filters = 8 }'), "must end with its only classifier_head"),
        (_own(blocks="3"), "block 0 must be a table"),
        (_own(blocks='{ block = "conv", filters = 3 }'), "block 0: unknown block 'conv'"),
        (_own(without="blocks") + '\nblocks = "deep"', "blocks must be a list"),
        (_own(without="name") + '\nname = ""', "name is ''"),
        (_own(without="name") + "\nname = 7", "name is 7"),
        (_own(without="channels") + "\nchannels = 2", "channels is 2"),
        ('family = "mobilenet_v7"', "unknown network family 'mobilenet_v7'"),
        ("family = 7", "family must be a name"),
        ('family = "mobilenet_v1"\nknobs = 7', "family must be a name and knobs a table"),
        ("resolution = 64\n" + FAMILY, "resolution of the file is not what mobilenet_v1"),
        (f"blocks = [{HEAD}]\n" + FAMILY, "blocks of the file is not what mobilenet_v1"),
        (FAMILY.replace("0.25", "nan"), "alpha is nan"),
    ],
)
def test_each_mistake_has_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("net.yaml", b"", "a network file ends with .toml or .json"),
        ("net.json", b"{", "not valid JSON"),
        ("net.json", b"[" * 100_000, "not valid JSON"),
        ("net.json", b"[1]", "holds a table; given list"),
        ("net.toml", b"a = " + b"[" * 100_000, "not valid TOML"),
        ("net.toml", b"a = " + b"9" * 10_000, "not valid TOML"),
        ("net.json", b"9" * 10_000, "not valid JSON"),
        ("net.toml", b"\xff\xfe\x00", "not a text file"),
        ("missing.toml", None, "cannot be read"),
    ],
)
def test_unreadable_files_have_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError, match=r"net|missing") as caught:
        spec.load(path)
    assert message in str(caught.value)


def test_input_of_an_own_network_can_be_changed() -> None:
    network = spec.from_toml(_own())
    assert spec.with_input(network, resolution=96, channels=3, classes=5) == spec.Network(
        name="own", resolution=96, channels=3, blocks=(spec.ClassifierHead(classes=5),)
    )
    assert spec.with_input(network) == network
    with pytest.raises(SpecError, match="make it again"):
        spec.with_input(spec.make("mobilenet_v1"), resolution=96)


def test_blocks_that_do_not_fit_together_are_a_graph_error() -> None:
    class Broken(spec.StandardConv):
        def lower(self, builder, tensor, name):  # type: ignore[no-untyped-def]  # wrong on purpose
            return "nowhere"

    network = spec.Network(
        name="broken", resolution=32, channels=3, blocks=(Broken(filters=8), spec.ClassifierHead())
    )
    with pytest.raises(GraphError, match="'nowhere' is not made before it is read"):
        spec.lower(network)
