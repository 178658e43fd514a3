"""WHERE the network must run: one TOML a board, a source for every number.

To add a board, add its TOML here; the suite in `wakeling.testing.board_contract` runs on it.
"""

from __future__ import annotations

from wakeling.boards.board import SIMD, SOURCED, Board
from wakeling.boards.loader import board_names, from_toml, load_board, to_json

__all__ = ["SIMD", "SOURCED", "Board", "board_names", "from_toml", "load_board", "to_json"]
