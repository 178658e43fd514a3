"""Where a number comes from: measured, computed, modelled or published, and from what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProvenanceKind = Literal["measured", "computed", "modelled", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One figure's origin: `how` in a line, its `source` where it is not our own arithmetic.

    `error` is the error bar of a modelled figure.
    """

    kind: ProvenanceKind
    how: str
    source: str | None = None
    error: str | None = None


def to_json(provenance: Provenance) -> dict[str, str]:
    """As plain JSON values; what is None is left out."""
    values = {
        "kind": provenance.kind,
        "how": provenance.how,
        "source": provenance.source,
        "error": provenance.error,
    }
    return {key: value for key, value in values.items() if value is not None}
