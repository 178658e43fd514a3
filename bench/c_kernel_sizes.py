"""How much code each operator of the generated C takes on a core: the table behind the flash model.

    python bench/c_kernel_sizes.py [--target cortex-m4] [--compiler zig]

Random networks over the whole operator set are lowered for the core; each kernel source that an
operator was given is compiled alone, and the sizes of its code and constants are added up. The last lines
are whole programs: what they take beside weights, tables, structures and those kernels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from wakeling.cost.flash.code import kernels
from wakeling.export.c import compile_model, target_of
from wakeling.export.c.emit import runtime
from wakeling.export.c.lower import Layer
from wakeling.graph import Graph
from wakeling.testing.random_models import random_model
from wakeling.verify.c.build import _object, firmware  # the objects, not the program
from wakeling.verify.c.elf import read_elf
from wakeling.verify.c.programs import emulator_program, program_sizes, read_program
from wakeling.verify.c.toolchain import OPTIMIZATION, compiler_of


def name_of(layer: Layer) -> str:
    """The flash model's name of an operator."""
    graph = Graph(
        name="one",
        input_shape=(1,),
        nodes=(layer.node._replace(inputs=()),),
        output=layer.node.name,
    )
    return next(iter(kernels(graph)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="cortex-m4")
    parser.add_argument("--compiler", default="zig", choices=("zig", "gcc"))
    parser.add_argument("--networks", type=int, default=300)
    arguments = parser.parse_args()
    target, compiler = target_of(arguments.target), compiler_of(arguments.compiler)
    flags = (*compiler.flags_for(target), "-std=c99", OPTIMIZATION)
    system = firmware("freestanding/string.h") if compiler.needs_string_h else {}
    sizes: dict[str, int] = {}
    used: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rest = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def size_of(source: str, texts: dict[str, str]) -> int:
            if source not in sizes:
                elf = read_elf(_object(compiler, texts, source, folder, flags, system).read_bytes())
                names = [name for name in elf.sections if name.startswith((".text", ".rodata"))]
                sizes[source] = elf.section_bytes(*names)
            return sizes[source]

        for seed in range(arguments.networks):
            compiled = compile_model(random_model(seed), target)
            texts = runtime(compiled.program)
            for layer in compiled.program.layers:
                key = " + ".join(layer.call.sources)
                used[name_of(layer)][key] += 1
                for source in layer.call.sources:
                    size_of(source, texts)
            if seed < 20:
                program = emulator_program(compiled.files, target, compiler, folder=folder, trace=False)
                whole = program_sizes(read_program(program)).flash_bytes
                mine = {source for layer in compiled.program.layers for source in layer.call.sources}
                layers = len(compiled.program.layers)
                rest.append((whole - compiled.table_bytes - sum(sizes[source] for source in mine), layers))
    for name, ways in sorted(used.items()):
        for key, count in sorted(ways.items(), key=lambda way: -way[1]):
            print(f"{name:18} {sum(sizes[part] for part in key.split(' + ')):7} {count:5} {key}")
    usual = {name: max(ways, key=lambda key: ways[key]) for name, ways in used.items()}
    print(json.dumps({name: sum(sizes[part] for part in key.split(" + ")) for name, key in usual.items()}))
    slope, start = statistics.linear_regression([layers for _, layers in rest], [left for left, _ in rest])
    print(f"the rest of 20 programs: {start:.0f} + {slope:.0f} a layer")


if __name__ == "__main__":
    main()
