"""How long one inference takes on a board: modelled from published times, with an honest interval.

`latency(network, board)` predicts, `engines_for(board)` lists the engines, `read_engine` reads one that
`wakeling calibrate` wrote. Fitting needs NumPy and lies in `fit.py`, `refit.py` and `calibration.py`,
which nothing here imports.
"""

from __future__ import annotations

from wakeling.cost.latency.codec import latency_to_json
from wakeling.cost.latency.engine_file import EngineFile, engine_from_toml, engine_to_toml, read_engine
from wakeling.cost.latency.engines import ENGINES, Engine, core_of, engines_for
from wakeling.cost.latency.prediction import Latency, LayerTime, latency, milliseconds

__all__ = [
    "ENGINES",
    "Engine",
    "EngineFile",
    "Latency",
    "LayerTime",
    "core_of",
    "engine_from_toml",
    "engine_to_toml",
    "engines_for",
    "latency",
    "latency_to_json",
    "milliseconds",
    "read_engine",
]
