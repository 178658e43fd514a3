"""Every shipped board keeps the contract; a user's own board is read or refused in one line."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from wakeling.boards import Board, board_names, from_toml, load_board
from wakeling.errors import BoardError
from wakeling.testing.board_contract import BoardContract

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "boards").glob("*.toml"))
EVERY_BOARD = [*board_names(), *map(str, EXAMPLES)]
SURVEY = ROOT.parent / "shared" / "reference" / "boards.csv"

OWN = """
name = "my-board"
title = "My board"
chip = "STM32L412"
core = "Cortex-M4F"
simd = "dsp"
clock = "80 MHz"
ram = "40 KiB"
flash = "128KiB"
"""


class TestEveryBoard(BoardContract):
    @pytest.fixture(
        autouse=True, params=[*board_names(), *map(str, EXAMPLES)], ids=lambda name: Path(name).stem
    )
    def _choose(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(type(self), "name", request.param, raising=False)


def test_the_boards_of_the_field_are_there() -> None:
    assert {
        "arduino-nano-33-ble-sense",
        "nucleo-l4r5zi",
        "nucleo-g0b1re",
        "raspberry-pi-pico",
        "esp32-s3-eye",
    } <= set(board_names())
    assert len(board_names()) >= 26


@pytest.mark.parametrize(
    ("name", "ram_kib", "flash_kib", "clock_mhz", "core"),
    [
        ("arduino-nano-33-ble-sense", 256, 1024, 64, "Cortex-M4F"),
        ("nucleo-l4r5zi", 640, 2048, 120, "Cortex-M4F"),
        ("nucleo-g0b1re", 144, 512, 64, "Cortex-M0+"),
        ("raspberry-pi-pico", 264, 2048, 133, "Cortex-M0+"),
        ("stm32f746g-discovery", 320, 1024, 216, "Cortex-M7F"),
        ("nucleo-l010rb", 20, 128, 32, "Cortex-M0+"),
    ],
)
def test_numbers_of_known_boards(name: str, ram_kib: int, flash_kib: int, clock_mhz: int, core: str) -> None:
    board = load_board(name)
    assert (board.ram_bytes, board.flash_bytes) == (ram_kib * 1024, flash_kib * 1024)
    assert (board.clock_hz, board.core) == (clock_mhz * 1_000_000, core)


def test_boards_agree_with_the_survey_where_it_is_at_hand() -> None:
    """Without the survey, the table above is the check."""
    rows = list(csv.DictReader(SURVEY.read_text().splitlines())) if SURVEY.exists() else []
    for row in rows:
        short = re.sub(r"\s*\(.*", "", row["board"]).lower()
        board = load_board(re.sub(r"[^a-z0-9]+", "-", short).strip("-"))
        assert board.ram_bytes == int(row["sram_kib"]) * 1024
        assert board.flash_bytes == int(row["flash_kib"]) * 1024
        assert board.clock_hz == int(row["clock_mhz"]) * 1_000_000
        assert board.core == row["core"]
    assert len(board_names()) >= len(rows)


def test_own_board_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    assert load_board(path) == Board(
        name="my-board",
        title="My board",
        chip="STM32L412",
        core="Cortex-M4F",
        simd="dsp",
        clock_hz=80_000_000,
        ram_bytes=40 * 1024,
        flash_bytes=128 * 1024,
    )


def test_the_small_example_is_what_its_name_says() -> None:
    small = load_board(ROOT / "examples" / "boards" / "small-64k-256k.toml")
    assert (small.ram_bytes, small.flash_bytes) == (64 * 1024, 256 * 1024)
    assert not small.verified


def test_unknown_board_lists_the_nearest_first() -> None:
    with pytest.raises(BoardError) as caught:
        load_board("arduino-nano-33")
    assert "unknown board 'arduino-nano-33'; known: arduino-nano-33-ble-sense, " in str(caught.value)
    assert ".toml file" in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "../boards/stm32f410", "Nucleo-F446RE", "stm32f410.TOML"])
def test_names_are_no_paths(name: str) -> None:
    with pytest.raises(BoardError, match=r"unknown board|cannot be read"):
        load_board(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name =", "not valid TOML"),
        ("name = " + "[" * 100_000, "not valid TOML"),
        ("name = " + "9" * 10_000, "not valid TOML"),
        (OWN.replace('ram = "40 KiB"', ""), "the key 'ram' is missing"),
        (OWN + "rom = 3", "unknown key 'rom'; known: ram"),
        (OWN.replace('"40 KiB"', "40960"), "ram is 40960; it must be text in quotes"),
        (OWN.replace('"40 KiB"', '"forty"'), "ram: size 'forty' is not understood"),
        (OWN.replace('"40 KiB"', '"0 KiB"'), "ram is '0 KiB'; it must be from 1 KiB"),
        (OWN.replace('"40 KiB"', '"900000 MiB"'), "it must be from 1 KiB to 1024 MiB"),
        (OWN.replace('"40 KiB"', '"0.3 B"'), "not a whole number"),
        (OWN.replace('"80 MHz"', '"fast"'), "clock is 'fast'"),
        (OWN.replace('"80 MHz"', '"80 Hz"'), "clock is '80 Hz'"),
        (OWN.replace('"80 MHz"', '"nan MHz"'), "clock is 'nan MHz'"),
        (OWN.replace('"dsp"', '"neon"'), "unknown simd 'neon'; known: none"),
        (OWN.replace('"my-board"', '"My Board"'), "kebab case"),
        (OWN.replace('"My board"', '""'), "title is ''"),
        (OWN + 'verified = "yes"', "verified is 'yes'; it must be true or false"),
        (OWN + 'format = "wakeling.board/2"', "format is 'wakeling.board/2'"),
        (OWN + 'sources = "book"', "sources is 'book'; it must be a table"),
        (OWN + "[sources]\nprice = 'shop'", "sources holds text for core, clock, ram, flash"),
        (OWN + "[sources]\nram = 3", "sources holds text"),
    ],
)
def test_each_mistake_has_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BoardError) as caught:
        from_toml(text)
    assert message in str(caught.value)
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(BoardError) as caught:
        load_board(path)
    assert str(caught.value).startswith(f"board {path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\x00\xfe"], ids=["missing", "binary"])
def test_unreadable_files_have_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "own.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BoardError, match=r"cannot be read|not a text file"):
        load_board(path)


POWERED = OWN + '[power]\nactive = "44 mW"\nlow = "34 mW"\nhigh = "0.048 W"\nsource = "my meter"\n'


def test_a_measured_power_is_read_with_its_range() -> None:
    power = from_toml(POWERED).power
    assert power is not None
    assert (power.active_mw, power.low_mw, power.high_mw) == (44, 34, 48)
    assert power.source == "my meter"
    single = from_toml(OWN + '[power]\nactive = "500 uW"\nsource = "my meter"\n').power
    assert single is not None
    assert (single.active_mw, single.low_mw, single.high_mw) == (0.5, 0.5, 0.5)
    assert from_toml(OWN).power is None


def test_powers_of_mlperf_tiny_are_energy_times_rate() -> None:
    """Microjoules of an inference × inferences a second, as the submissions state them."""
    for name, microjoules, rate in [
        ("nucleo-l4r5zi", 3895, 11.245),
        ("nucleo-h7a3zi", 2965, 42.009),
        ("nucleo-u575zi", 1355, 16.87),
        ("nucleo-u385rg", 519, 10.128),
        ("ek-ra6m4", 11852, 6.159),
        ("xg24-dev-kit", 1139, 8.96),
    ]:
        power = load_board(name).power
        assert power is not None
        assert power.active_mw == pytest.approx(microjoules * rate / 1000, rel=0.005)
        assert f"{microjoules:,} uJ" in power.source


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POWERED.replace('source = "my meter"', ""), "needs a source"),
        (POWERED.replace('active = "44 mW"', ""), "needs active"),
        (POWERED.replace("44 mW", "lots"), "active is 'lots'; write for example '44 mW'"),
        (POWERED.replace('"44 mW"', "44"), "active is 44"),
        (POWERED.replace("34 mW", "45 mW"), "it must lie from low to high"),
        (POWERED + "sleep = '2 uW'\n", "unknown key 'sleep'; known: "),
        (OWN + "power = 3", "power is 3; it must be a table"),
    ],
)
def test_each_mistake_of_a_power_has_one_line(text: str, message: str) -> None:
    with pytest.raises(BoardError) as caught:
        from_toml(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
