"""How fast a network is costed, beside fvcore, ptflops, thop and torchinfo, in one run.

    pip install -r bench/requirements-cost.txt
    python bench/cost_speed.py --rounds 15 --json results/cost-speed.json

Each round builds every network anew and costs it with every tool, one after the other, so that a
busy machine slows all alike; the table shows medians and their ratio to wakeling's. wakeling's time
is its full cost: the graph built from nothing as it is trained, all counts, flash and every memory
planner but `best-order`, with no memory of an earlier round. The row `built deployed` is the same
with batch norms and activations folded while the network is built, as a search does it. Then: how many new
candidates a second a search evaluates on one core, and how long `best-order` takes on a 100-operator
residual network.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import platform
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import torch_networks
from wakeling import cost, fuse, spec, zoo
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.spec import ClassifierHead, DepthwiseSeparable, InvertedResidual, Network, StandardConv

PLANNERS = tuple(name for name in cost.PLANNERS if name != "best-order")

NETWORKS: dict[str, tuple[Callable[[bool], Graph], Callable[[], nn.Module], int]] = {
    "MobileNetV1 0.25-96": (
        lambda deployed: spec.lower(
            spec.make("mobilenet_v1", alpha=0.25, resolution=96, classes=2), deployed=deployed
        ),
        lambda: torch_networks.mobilenet_v1(0.25, 2),
        96,
    ),
    "MobileNetV2 1.0-224": (
        lambda deployed: spec.lower(
            spec.make("mobilenet_v2", alpha=1.0, resolution=224, classes=1000), deployed=deployed
        ),
        lambda: torch_networks.mobilenet_v2(1000),
        224,
    ),
    "ResNet-50": (
        lambda deployed: zoo.build("resnet-50", deployed=deployed),
        lambda: torch_networks.resnet_50(1000),
        224,
    ),
}
"""How wakeling builds each network (as trained or as deployed), how torch does, and its resolution."""


def main() -> None:
    """Measure, print and, where asked, write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--candidates", type=int, default=4000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    result: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "planners": list(PLANNERS),
        "networks": {name: compare(name, options.rounds) for name in NETWORKS},
        "search": search_rate(options.candidates),
        "best_order": best_order(),
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


def compare(name: str, rounds: int) -> dict[str, Any]:
    """Median milliseconds and the counted MACs of every tool on one network."""
    build, module, resolution = NETWORKS[name]
    first, *others = [(tool, lambda run=run: run(module().eval(), resolution)) for tool, run in PEERS.items()]
    tools: dict[str, Callable[[], int]] = {
        "wakeling": lambda: cost.cost(build(False), runtimes=PLANNERS).macs,
        **dict([first]),  # between the two, so that both find the processor's caches cold
        "wakeling, built deployed": lambda: cost.cost(build(True), runtimes=PLANNERS).macs,
        **dict(others),
    }
    times: dict[str, list[float]] = {tool: [] for tool in tools}
    macs: dict[str, int] = {}
    for number in range(rounds + 1):  # the first round warms up and does not count
        for tool, run in tools.items():
            clear_caches()
            begin = time.perf_counter()
            macs[tool] = int(run())
            if number:
                times[tool].append((time.perf_counter() - begin) * 1e3)
    ours = statistics.median(times["wakeling"])
    rows = {
        tool: {
            "ms": round(statistics.median(values), 3),
            "fastest_ms": round(min(values), 3),
            "ratio": round(statistics.median(values) / ours, 1),
            "macs": macs[tool],
        }
        for tool, values in times.items()
    }
    print(f"\n{name}  ({rounds} rounds, median)")
    for tool, row in rows.items():
        print(f"  {tool:<26}{row['ms']:>10.3f} ms  {row['ratio']:>8.1f} x  {row['macs']:>15,} MACs")
    return rows


def clear_caches() -> None:
    """Forget what earlier rounds computed, so that every round pays for everything."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("wakeling"):
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


def run_fvcore(module: nn.Module, resolution: int) -> int:
    """fvcore counts one multiply-accumulate as one flop."""
    from fvcore.nn import FlopCountAnalysis

    counted = FlopCountAnalysis(module, torch.zeros(1, 3, resolution, resolution))
    counted.unsupported_ops_warnings(False)
    return int(counted.total())


def run_ptflops(module: nn.Module, resolution: int) -> int:
    """ptflops, its default back end."""
    from ptflops import get_model_complexity_info

    with contextlib.redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            module, (3, resolution, resolution), as_strings=False, print_per_layer_stat=False
        )
    return int(macs)


def run_thop(module: nn.Module, resolution: int) -> int:
    """thop's `profile`."""
    from thop import profile

    macs, _ = profile(module, inputs=(torch.zeros(1, 3, resolution, resolution),), verbose=False)
    return int(macs)


def run_torchinfo(module: nn.Module, resolution: int) -> int:
    """torchinfo's summary (its `total_mult_adds`)."""
    from torchinfo import summary

    return int(summary(module, (1, 3, resolution, resolution), verbose=0).total_mult_adds)


PEERS: dict[str, Callable[[nn.Module, int], int]] = {
    "fvcore": run_fvcore,
    "ptflops": run_ptflops,
    "thop": run_thop,
    "torchinfo": run_torchinfo,
}


def candidates(count: int, seed: int) -> list[Network]:
    """MobileNet-sized networks, no two alike: random blocks, widths, kernels and resolutions."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        blocks: list[Any] = [StandardConv(filters=8 * rng.randint(1, 4), stride=2)]
        width = 8
        for stage in range(4):
            width += 8 * rng.randint(1, 6)
            for index in range(rng.randint(2, 4)):
                stride = 2 if index == 0 and stage else 1
                kernel = rng.choice((3, 5, 7))
                if rng.random() < 0.5:
                    blocks.append(DepthwiseSeparable(filters=width, kernel=kernel, stride=stride))
                else:
                    blocks.append(
                        InvertedResidual(
                            filters=width, kernel=kernel, stride=stride, expansion=rng.randint(2, 6)
                        )
                    )
        made.append(
            Network(
                name=f"candidate-{number}",
                resolution=8 * rng.randint(6, 28),
                channels=rng.choice((1, 3)),
                blocks=(*blocks, ClassifierHead(classes=2)),
            )
        )
    return made


def search_rate(count: int) -> dict[str, Any]:
    """New candidates a second on one core: lowered, counted, two RAM plans, flash."""
    clear_caches()
    networks = candidates(count, seed=1)
    begin = time.process_time()
    operators = 0
    for network in networks:
        report = cost.cost(spec.lower(network, deployed=True), runtimes=("liveness", "wakeling-c"))
        operators += len(report.layers)
    seconds = time.process_time() - begin
    families = [
        spec.make("mobilenet_v1", alpha=0.1 + 0.9 * i / count, resolution=48 + 8 * (i % 20))
        for i in range(count)
    ]
    clear_caches()
    begin = time.process_time()
    for network in families:
        made = spec.make("mobilenet_v1", **network.knobs)
        cost.cost(spec.lower(made, deployed=True), runtimes=("liveness", "wakeling-c"))
    family_seconds = time.process_time() - begin
    row = {
        "candidates": count,
        "random_networks_per_second": round(count / seconds),
        "operators_per_network": round(operators / count, 1),
        "mobilenet_v1_per_second": round(count / family_seconds),
    }
    print(
        f"\nsearch: {row['mobilenet_v1_per_second']} MobileNetV1 a second (made, lowered, costed), "
        f"{row['random_networks_per_second']} random networks of {row['operators_per_network']} operators"
    )
    return row


def best_order() -> dict[str, Any]:
    """`best-order` on residual networks of about 100 operators."""
    builder = GraphBuilder("residual", (96, 96, 3))
    tensor = builder.conv_bn(INPUT, filters=16, kernel=3, stride=2, name="stem")
    for index in range(25):
        name = f"block{index}"
        stride = 2 if index in (6, 12, 18) else 1
        body = builder.conv_bn(tensor, filters=32, kernel=1, name=f"{name}_a")
        body = builder.depthwise_bn(body, stride=stride, name=f"{name}_b")
        body = builder.conv_bn(body, filters=16, kernel=1, activation="linear", name=f"{name}_c")
        short = (
            builder.conv_bn(tensor, filters=16, kernel=1, stride=2, activation="linear", name=f"{name}_s")
            if stride == 2
            else tensor
        )
        tensor = builder.add(short, body, name=f"{name}_add")
    builder.classifier(tensor, classes=2)
    graph = fuse.fuse(builder.build()).graph
    begin = time.perf_counter()
    plan = cost.PLANNERS["best-order"](graph)
    seconds = time.perf_counter() - begin
    print(f"best-order: {len(graph.nodes)} operators in {seconds:.3f} s, peak {plan.peak_bytes:,} bytes")
    return {"operators": len(graph.nodes), "seconds": round(seconds, 4), "peak_bytes": plan.peak_bytes}


if __name__ == "__main__":
    main()
