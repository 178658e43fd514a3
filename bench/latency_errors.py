"""Draw the latency model's errors: every measured time beside its prediction by a fit without it.

python bench/latency_errors.py docs/images/latency-left-out.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from wakeling.cost.latency.engines import ENGINES
from wakeling.cost.latency.refit import inflated, leave_one_out
from wakeling.cost.latency.tables import measurements, networks
from wakeling.report.figures.latency import Compared, predicted_against_measured
from wakeling.report.figures.picture import save


def main(path: Path) -> None:
    works = networks()
    rows = []
    for item in inflated(leave_one_out(measurements(), works)):
        row = item.measurement
        macs = sum(work.macs for work in works[row.network])
        rows.append(
            Compared(
                label=f"{ENGINES[row.engine].title}, {row.core}, {row.network}",
                group=row.engine,
                measured=row.amount / macs,
                predicted=item.predicted.typical / macs,
                low=item.predicted.low / macs,
                high=item.predicted.high / macs,
            )
        )
    save(
        predicted_against_measured(
            rows, unit="cycles a MAC", title="Each time predicted by a fit without it"
        ),
        path,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
