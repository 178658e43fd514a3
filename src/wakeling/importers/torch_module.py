"""A torch module as our graph, read from the program that `torch.export` makes of it.

What the operators mean is in `torch_operators`. Importing this module imports torch.
"""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from wakeling.errors import GraphError, UnsupportedModelError
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.importers.torch_layout import layout_of
from wakeling.importers.torch_operators import RULES
from wakeling.importers.torch_writer import Array, NotExpressibleError, Parts, Value, Writer

_ALIASES = {
    "_native_batch_norm_legit_no_training": "batch_norm",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "max_pool2d_with_indices": "max_pool2d",
}
"""Other names of the same operators, after decomposition."""

_RETURNS_TUPLE = ("_native_batch_norm_legit_no_training", "max_pool2d_with_indices")
_LEAVES = "torch.nn.modules."
_CONTAINERS = "torch.nn.modules.container."


class _Unread:
    """Stands for the output of a call that could not be read, so that all such calls are found."""


_UNREAD = _Unread()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorchModel:
    """A torch module's graph, as trained (batch norms apart), and its weights by `graph.weight_key`."""

    graph: Graph
    weights: Mapping[str, Array]


def from_torch(module: nn.Module, example_input: Tensor, name: str | None = None) -> Graph:
    """The graph of a module in evaluation mode; see `read_torch`."""
    return read_torch(module, example_input, name).graph


def read_torch(module: nn.Module, example_input: Tensor, name: str | None = None) -> TorchModel:
    """The graph and the weights of a module in evaluation mode, on one image.

    `example_input` is (batch, channels, height, width) or (batch, features); its values do not matter
    and only its first image is used. The module is copied, not changed. The graph is called `name`
    (None: the module's class). Dividing by a constant is multiplying by its reciprocal; a layer that
    is called twice is two layers with the same weights. Raises UnsupportedModelError, which names
    every operator that cannot be read, and GraphError where torch cannot export the module.
    """
    if not isinstance(module, nn.Module):
        raise GraphError(f"from_torch takes a torch module; given {type(module).__name__}")
    title = name or type(module).__name__
    program = _export(module, _example(example_input), title)
    known = _constants(program)
    given = [node.name for node in program.graph.nodes if node.op == "placeholder" and node.name not in known]
    if len(given) != 1:
        raise GraphError(f"{title} takes {len(given)} tensors; a graph has one input")
    shape = tuple(example_input.shape[1:])
    layout = layout_of(shape)
    writer = Writer(GraphBuilder(title, layout.graph_shape))
    values: dict[str, Any] = {**known, given[0]: Value(tensor=INPUT, layout=layout)}
    unread: Counter[str] = Counter()
    for node in program.graph.nodes:
        if node.op == "call_function":
            values[node.name] = _call(writer, node, values, unread)
    if unread:
        raise UnsupportedModelError(unread, title)
    output = _output(writer, program, values, title)
    return TorchModel(graph=writer.builder.build(output), weights=writer.weights)


def _example(example_input: Tensor) -> Tensor:
    if not isinstance(example_input, Tensor) or example_input.dim() not in (2, 4):
        given = (
            tuple(example_input.shape) if isinstance(example_input, Tensor) else type(example_input).__name__
        )
        raise GraphError(
            f"example_input must be a tensor (batch, channels, height, width) or (batch, features); "
            f"given {given}"
        )
    if 0 in example_input.shape:
        raise GraphError(f"example_input is empty: {tuple(example_input.shape)}")
    return example_input[:1]


def _export(module: nn.Module, example: Tensor, title: str) -> torch.export.ExportedProgram:
    """The module's program without in-place operators."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own deprecations, which no caller can act on
        try:
            copied = copy.deepcopy(module).eval()
            program: torch.export.ExportedProgram = torch.export.export(copied, (example,))
            functional: torch.export.ExportedProgram = program.run_decompositions({})
            return functional
        except Exception as error:  # whatever the module's own code raises while it is traced
            reason = (str(error).strip().splitlines() or [""])[0]
            raise GraphError(f"torch cannot export {title}: {type(error).__name__}: {reason}") from error


def _constants(program: torch.export.ExportedProgram) -> dict[str, Any]:
    """Parameters, buffers and constants by the names of their placeholders."""
    signature = program.graph_signature
    names: dict[str, str] = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    held = {**program.state_dict, **program.constants}
    return {placeholder: held[target] for placeholder, target in names.items()}


def _call(writer: Writer, node: torch.fx.Node, values: Mapping[str, Any], unread: Counter[str]) -> Any:
    """What a call makes: computed beforehand where its arguments are known, else read by its rule."""
    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda source: values[source.name])
    inside = _tensors((args, kwargs))
    name = _operator_name(node)
    rule = RULES.get(_ALIASES.get(name, name))
    if not inside:
        with torch.no_grad():
            return node.target(*args, **kwargs)  # type: ignore[operator]  # a call's target is callable
    if rule is None:
        unread[name] += 1
        return _UNREAD
    if any(part is _UNREAD for part in inside):
        return _UNREAD
    writer.prefix = _node_name(node, name)
    try:
        made = rule(writer, _arguments(node, args, kwargs))
    except NotExpressibleError as problem:
        unread[f"{name} {problem}"] += 1
        return _UNREAD
    return (made,) if name in _RETURNS_TUPLE else made


def _tensors(value: Any) -> list[Any]:
    """The parts of a call's arguments that depend on the input."""
    if isinstance(value, Value | Parts | _Unread):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [part for item in value for part in _tensors(item)]
    return []


def _operator_name(node: torch.fx.Node) -> str:
    """ATen's name without namespace and overload: `conv2d` for `aten::conv2d.padding`."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return str(getattr(node.target, "__name__", node.target))
    namespace, _, name = schema.name.partition("::")
    return name if namespace == "aten" else str(schema.name)


def _arguments(node: torch.fx.Node, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    schema = getattr(node.target, "_schema", None)
    names = ["self", "index"] if schema is None else [argument.name for argument in schema.arguments]
    defaults = (
        {}
        if schema is None
        else {
            argument.name: argument.default_value
            for argument in schema.arguments
            if argument.has_default_value()
        }
    )
    return {**defaults, **dict(zip(names, args, strict=False)), **kwargs}


def _node_name(node: torch.fx.Node, operator: str) -> str:
    """The path of torch's own layer, or of the module that calls the operator and the operator's name."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path, kind = stack[-1] if stack else ("", "")
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    if kind.startswith(_LEAVES) and not kind.startswith(_CONTAINERS) and path:
        return str(path)
    return f"{path}.{operator}" if path else operator


def _output(
    writer: Writer, program: torch.export.ExportedProgram, values: Mapping[str, Any], title: str
) -> str:
    names = program.graph_signature.user_outputs
    if len(names) != 1 or not isinstance(values.get(str(names[0])), Value):
        raise GraphError(f"{title} returns {len(names)} things; wrap it so that it returns one tensor")
    writer.prefix = "output"
    return writer.settled(values[str(names[0])]).tensor
