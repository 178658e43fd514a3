"""A latency as plain JSON values."""

from __future__ import annotations

from typing import Any

from wakeling.cost import provenance
from wakeling.cost.latency.prediction import Latency

FORMAT = "wakeling.latency/1"
_DECIMALS = 6


def latency_to_json(latency: Latency) -> dict[str, Any]:
    """The time of one inference in milliseconds, its interval, each layer's, and where it comes from."""
    return {
        "format": FORMAT,
        "network": latency.network,
        "board": latency.board,
        "engine": latency.engine,
        "core": latency.core,
        "clock_hz": latency.clock_hz,
        "ms": round(latency.ms, _DECIMALS),
        "low_ms": round(latency.low_ms, _DECIMALS),
        "high_ms": round(latency.high_ms, _DECIMALS),
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "ms": round(layer.ms, _DECIMALS),
                "low_ms": round(layer.low_ms, _DECIMALS),
                "high_ms": round(layer.high_ms, _DECIMALS),
            }
            for layer in latency.layers
        ],
        "provenance": provenance.to_json(latency.provenance),
    }
