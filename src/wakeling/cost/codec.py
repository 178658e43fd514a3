"""Cost reports as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wakeling.cost import provenance
from wakeling.cost.flash import Flash
from wakeling.cost.memory import plan_from_json, plan_to_json
from wakeling.cost.report import CostReport, LayerCost
from wakeling.errors import WakelingError

FORMAT = "wakeling.cost/1"


def to_json(report: CostReport) -> dict[str, Any]:
    """The report as plain JSON values, its totals at the top."""
    return {
        "format": FORMAT,
        "name": report.name,
        "input_shape": list(report.input_shape),
        **_counts_to_json(report),
        "weight_bytes": report.weight_bytes,
        "ram_bytes": dict(report.ram_bytes),
        "flash_bytes": report.flash_bytes,
        "flash": _flash_to_json(report.flash),
        "flash_by_runtime": {
            runtime: _flash_to_json(flash) for runtime, flash in report.flash_by_runtime.items()
        },
        "layers": [_layer_to_json(layer) for layer in report.layers],
        "memory": {runtime: plan_to_json(plan) for runtime, plan in report.memory.items()},
        "provenance": {name: provenance.to_json(value) for name, value in report.provenance.items()},
    }


def from_json(value: Mapping[str, Any]) -> CostReport:
    """The inverse of `to_json`; raises WakelingError for anything else."""
    if value.get("format") != FORMAT:
        raise WakelingError(f"cost format is {value.get('format')!r}; this version reads {FORMAT!r}")
    try:
        return CostReport(
            name=value["name"],
            input_shape=tuple(value["input_shape"]),
            **_counts_from_json(value),
            weight_bytes=value["weight_bytes"],
            memory={runtime: plan_from_json(runtime, plan) for runtime, plan in value["memory"].items()},
            flash_by_runtime={
                runtime: Flash(**{part: flash[part] for part in _FLASH_PARTS})
                for runtime, flash in value["flash_by_runtime"].items()
            },
            layers=tuple(_layer_from_json(layer) for layer in value["layers"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise WakelingError(f"cost report is malformed: {type(error).__name__} {error}") from None


_FLASH_PARTS = ("weights_bytes", "biases_bytes", "quantization_bytes", "structure_bytes", "runtime_bytes")


def _flash_to_json(flash: Flash) -> dict[str, int]:
    parts = {part: getattr(flash, part) for part in _FLASH_PARTS}
    return {**parts, "file_bytes": flash.file_bytes, "total_bytes": flash.total_bytes}


def _counts_to_json(costed: CostReport | LayerCost) -> dict[str, Any]:
    return {
        "macs": costed.macs,
        "multiplications": costed.multiplications,
        "additions": costed.additions,
        "other_operations": dict(costed.other_operations),
        "parameters": {
            "training": costed.training_parameters,
            "trainable": costed.trainable_parameters,
            "deployed": costed.deployed_parameters,
        },
    }


def _counts_from_json(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "macs": value["macs"],
        "multiplications": value["multiplications"],
        "additions": value["additions"],
        "other_operations": dict(value["other_operations"]),
        "training_parameters": value["parameters"]["training"],
        "trainable_parameters": value["parameters"]["trainable"],
        "deployed_parameters": value["parameters"]["deployed"],
    }


def _layer_to_json(layer: LayerCost) -> dict[str, Any]:
    return {
        "name": layer.name,
        "operator": layer.operator,
        "input_shape": list(layer.input_shape),
        "output_shape": list(layer.output_shape),
        **_counts_to_json(layer),
        "weight_bytes": layer.weight_bytes,
        "ram_bytes": layer.ram_bytes,
    }


def _layer_from_json(value: Mapping[str, Any]) -> LayerCost:
    return LayerCost(
        name=value["name"],
        operator=value["operator"],
        input_shape=tuple(value["input_shape"]),
        output_shape=tuple(value["output_shape"]),
        **_counts_from_json(value),
        weight_bytes=value["weight_bytes"],
        ram_bytes=value["ram_bytes"],
    )
