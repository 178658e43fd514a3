"""What TFLM's own interpreter takes of its arena once a model is loaded, in a child process.

`verify.tflm` runs models as well; here many are loaded in one process, and none is run.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

_CHILD = """
import sys
from tflite_micro import runtime
for path in sys.argv[1:]:
    content = open(path, "rb").read()
    recording = runtime.InterpreterConfig.kAllocationRecording
    model = runtime.Interpreter.from_bytes(content, arena_size=64 << 20, intrepreter_config=recording)
    model.print_allocations()
"""


def arenas(contents: list[bytes]) -> list[tuple[int, int]]:
    """Head and tail of the arena for each .tflite file, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{index}.tflite" for index in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        command = [sys.executable, "-c", _CHILD, *map(str, paths)]
        noise = subprocess.run(command, capture_output=True, check=True, text=True).stderr
    found = {
        part: [int(size) for size in re.findall(rf"Arena allocation {part} (\d+)", noise)]
        for part in ("head", "tail")
    }
    assert len(found["head"]) == len(found["tail"]) == len(contents)
    return list(zip(found["head"], found["tail"], strict=True))
