"""The zoo's table: our own counts of each famous network beside the published ones.

Where the two differ, the remark says by how much and why; every remark is computed from the graphs.
Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wakeling import cost
from wakeling.graph import Graph
from wakeling.ops import BatchNorm, Conv2D, Dense, DepthwiseConv2D, operator_name
from wakeling.units import format_bytes, format_count
from wakeling.zoo import NETWORKS, Facts, ZooEntry

FLOAT_BYTES = 4
"""A float32 weight or bias."""

_COUNTED = tuple(operator_name(op) for op in (Conv2D, DepthwiseConv2D, Dense))
"""The operators whose MACs the published tables count: convolutions and matrix products."""


class _Parts(NamedTuple):
    """What a graph keeps, as trained: learned values without gammas, gammas, statistics, constants."""

    plain: int = 0
    gammas: int = 0
    statistics: int = 0
    constants: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooRow:
    """One network: MACs, operations and bytes as deployed, parameters as the published count has them.

    `counted_macs` are those of convolutions and dense layers alone, which is what was published;
    `training_only_parameters` belong to a head that only training has.
    """

    entry: ZooEntry
    report: cost.CostReport
    counted_macs: int
    parameters: int
    training_only_parameters: int
    gammas: int
    statistics: int
    constants: int

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return self.report.multiplications + self.report.additions

    @property
    def float32_bytes(self) -> int:
        """Weights and biases in float32, batch norms folded."""
        return FLOAT_BYTES * self.report.deployed_parameters

    @property
    def int8_bytes(self) -> int:
        """Weights in int8 and biases in int32, batch norms folded."""
        return self.report.weight_bytes

    @property
    def parameters_agree(self) -> bool:
        """To the last one."""
        return self.parameters == self.entry.published.parameters

    @property
    def macs_agree(self) -> bool | None:
        """To the last published digit; None where none were published."""
        gmacs = self.entry.published.gmacs
        if gmacs is None:
            return None
        decimals = len(gmacs.partition(".")[2])
        return f"{self.counted_macs / 1e9:.{decimals}f}" == gmacs


def row(entry: ZooEntry, runtimes: Iterable[str] = ()) -> ZooRow:
    """The counts of one network; `runtimes` are as in `cost.cost`."""
    graph = entry.build()
    report = cost.cost(graph, runtimes=runtimes)
    parts = _parts(graph)
    extra = _parts(entry.training_only()) if entry.training_only else _Parts()
    return ZooRow(
        entry=entry,
        report=report,
        counted_macs=sum(layer.macs for layer in report.layers if layer.operator in _COUNTED),
        parameters=_as_published(parts, entry.published) + _as_published(extra, entry.published),
        training_only_parameters=_as_published(extra, entry.published),
        gammas=parts.gammas,
        statistics=parts.statistics,
        constants=parts.constants,
    )


def rows(runtimes: Iterable[str] = ()) -> list[ZooRow]:
    """The counts of every network, in order of their years."""
    return [row(entry, tuple(runtimes)) for entry in NETWORKS.values()]


def _parts(graph: Graph) -> _Parts:
    plain = gammas = statistics = constants = 0
    for node in graph.nodes:
        kept = cost.parameters(node.op, graph.shapes[node.inputs[0]])
        if isinstance(node.op, BatchNorm):
            gammas += kept.weights // 2
            plain += kept.weights // 2
            statistics += kept.statistics
        elif operator_name(node.op) in _COUNTED:
            plain += kept.weights + kept.biases
        else:
            constants += kept.weights
    return _Parts(plain, gammas, statistics, constants)


def _as_published(parts: _Parts, facts: Facts) -> int:
    """Parameters by the published convention (`zoo.Counting`)."""
    return {
        "learned": parts.plain + parts.gammas,
        "all": parts.plain + parts.gammas + parts.statistics,
        "all without gamma": parts.plain + parts.statistics,
    }[facts.counting]


def remarks(row: ZooRow) -> tuple[str, ...]:
    """Where our deployed network and the published figure are not the same thing, and by how much."""
    facts = row.entry.published
    said = []
    if row.training_only_parameters:
        own = row.parameters - row.training_only_parameters
        said.append(
            f"the published parameters are those of training: {own:,} of the network and "
            f"{row.training_only_parameters:,} of an auxiliary head that is never deployed"
        )
    if facts.counting == "all":
        said.append(
            f"the published parameters count {row.statistics:,} running means and variances, as Keras does; "
            f"{row.parameters - row.statistics:,} are learned"
        )
    if facts.counting == "all without gamma":
        said.append(
            f"the published parameters count {row.statistics:,} running means and variances; its batch norms "
            f"have no gamma, so {row.gammas:,} of ours, all 1, are left out of the comparison"
        )
    if row.constants:
        said.append(
            f"{row.constants:,} constant factors of its residuals are weights of the deployed network and no "
            "parameters of the published one"
        )
    uncounted = row.report.macs - row.counted_macs
    if uncounted:
        said.append(
            f"the published MACs are {row.counted_macs:,} of convolutions and dense layers; ours have "
            f"{uncounted:,} more, a factor and an offset for each value that a batch norm changes where it "
            "cannot fold into a convolution"
        )
    return tuple(said)


def to_json(row: ZooRow, fits: bool | None = None) -> dict[str, Any]:
    """A row as plain JSON values; `fits` where a board was given."""
    facts, report = row.entry.published, row.report
    return {
        "name": row.entry.name,
        "title": row.entry.title,
        "year": facts.year,
        "top1_percent": facts.top1_percent,
        "input_shape": list(report.input_shape),
        "macs": report.macs,
        "multiplications": report.multiplications,
        "additions": report.additions,
        "parameters": {
            "trainable": report.trainable_parameters,
            "deployed": report.deployed_parameters,
            "as_published": row.parameters,
            "published": facts.parameters,
            "counting": facts.counting,
            "agree": row.parameters_agree,
        },
        "published_gmacs": {"value": facts.gmacs, "ours": row.counted_macs / 1e9, "agree": row.macs_agree},
        "float32_bytes": row.float32_bytes,
        "int8_bytes": row.int8_bytes,
        "ram_bytes": dict(report.ram_bytes),
        "flash_bytes": report.flash_bytes,
        **({} if fits is None else {"fits": fits}),
        "source": facts.source,
        "remarks": list(remarks(row)),
    }


def numbered_remarks(table: Sequence[ZooRow]) -> tuple[list[str], dict[str, list[int]]]:
    """All remarks in order, and by network the numbers (from 1) of its own."""
    notes: list[str] = []
    numbers: dict[str, list[int]] = {}
    for item in table:
        own = remarks(item)
        numbers[item.entry.name] = list(range(len(notes) + 1, len(notes) + 1 + len(own)))
        notes += [f"{item.entry.title}: {text}" for text in own]
    return notes, numbers


COLUMNS = ("network", "year", "top-1", "MACs", "operations", "parameters", "float32", "int8")
"""The columns of what the networks cost; parameters are the deployed ones."""


def cells(row: ZooRow) -> list[str]:
    """A row for people, in the order of `COLUMNS`."""
    facts = row.entry.published
    return [
        row.entry.title,
        f"{facts.year}",
        "–" if facts.top1_percent is None else f"{facts.top1_percent:.1f} %",
        format_count(row.report.macs),
        format_count(row.operations),
        f"{row.report.deployed_parameters:,}",
        format_bytes(row.float32_bytes),
        format_bytes(row.int8_bytes),
    ]


AGREEMENT_COLUMNS = ("network", "parameters", "published", "", "GMACs", "published", "", "notes")
"""The columns of our counts, by the publisher's convention, beside the published ones."""


def agreement_cells(row: ZooRow, notes: Sequence[int]) -> list[str]:
    """A row for people, in the order of `AGREEMENT_COLUMNS`; `notes` are the numbers of its remarks."""
    facts = row.entry.published
    decimals = len(facts.gmacs.partition(".")[2]) if facts.gmacs else 3
    return [
        row.entry.title,
        f"{row.parameters:,}",
        f"{facts.parameters:,}",
        "=" if row.parameters_agree else "≠",
        f"{row.counted_macs / 1e9:.{decimals}f}",
        facts.gmacs or "–",
        {True: "=", False: "≠", None: ""}[row.macs_agree],
        " ".join(map(str, notes)),
    ]
