"""The cost of a torch module; the only way from here to torch, and it is taken when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wakeling.cost.report import CostReport, cost
from wakeling.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wakeling.graph import Graph

_IMPORTER = "wakeling.importers.torch_module"


def from_torch(
    module: Any,
    example_input: Any,
    name: str | None = None,
    *,
    runtimes: Iterable[str] | None = None,
) -> CostReport:
    """What a torch module costs on one image, in evaluation mode.

    `module` is a torch.nn.Module, which is not changed, and `example_input` a tensor (batch, channels,
    height, width) or (batch, features), of which the first image is used; `runtimes` are as in `cost`.
    Raises UnsupportedModelError with every operator that is not read, GraphError where torch cannot
    export the module, and MissingDependencyError without torch.
    """
    # By its name and not by an import statement: the cost package runs without torch and lies below
    # the importers, and this must stay so for everyone who never calls this function.
    try:
        importer = importlib.import_module(_IMPORTER)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "torch":
            raise
        raise MissingDependencyError("torch", "train") from error
    read: Callable[[Any, Any, str | None], Graph] = importer.from_torch
    return cost(read(module, example_input, name), runtimes=runtimes)
