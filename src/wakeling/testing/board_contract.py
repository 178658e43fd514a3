"""What every shipped board must be. Subclass `BoardContract`, name the board, and pytest runs it.

class TestMyBoard(BoardContract):
    name = "my-board"
"""

from __future__ import annotations

import json
import re
from typing import ClassVar

from wakeling.boards import SIMD, SOURCED, Board, load_board, to_json
from wakeling.cost import budget_of
from wakeling.units import KIB, MIB

_CORES_WITH = {"dsp": r"Cortex-M(4|7|33|35P)F?", "helium": r"Cortex-M(52|55|85)", "esp32-s3": r"Xtensa LX7"}
_HEARSAY = ("memory", "not checked", "?")


class BoardContract:
    """The suite; `name` is a name of `board_names()` or the path of a .toml file."""

    name: ClassVar[str]

    @property
    def board(self) -> Board:
        """The board under test."""
        return load_board(self.name)

    def test_is_called_as_its_file(self) -> None:
        """The name is the file's, in kebab case."""
        stem = self.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")
        assert self.board.name == stem
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.board.name)

    def test_has_plausible_numbers(self) -> None:
        """A microcontroller: 1 MHz to 2 GHz, 2 KiB to 16 MiB of RAM, 16 KiB to 64 MiB of flash."""
        assert 1_000_000 <= self.board.clock_hz <= 2_000_000_000
        assert 2 * KIB <= self.board.ram_bytes <= 16 * MIB
        assert 16 * KIB <= self.board.flash_bytes <= 64 * MIB

    def test_names_a_source_for_every_number(self) -> None:
        """No number without its source."""
        assert set(self.board.sources) == set(SOURCED)
        assert all(source.strip() for source in self.board.sources.values())

    def test_says_verified_only_where_it_is(self) -> None:
        """A verified board has no source from hearsay; an unverified one says what to check."""
        if self.board.verified:
            for source in self.board.sources.values():
                assert not any(word in source.lower() for word in _HEARSAY)
        else:
            assert self.board.notes

    def test_simd_matches_the_core(self) -> None:
        """The vector extension is one that the core has, and is not forgotten."""
        assert self.board.simd in SIMD
        having = [simd for simd, cores in _CORES_WITH.items() if re.match(cores, self.board.core)]
        assert having == ([] if self.board.simd == "none" else [self.board.simd])

    def test_is_plain_data_and_a_budget(self) -> None:
        """It goes into JSON, and its limits into a budget."""
        assert json.loads(json.dumps(to_json(self.board)))["name"] == self.board.name
        assert budget_of(self.board).ram_bytes == self.board.ram_bytes
