"""A Zephyr module with a sample that runs the self-test."""

from __future__ import annotations

from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled

_FILES = {
    "zephyr/module.yml": "zephyr/module.yml",
    "CMakeLists.txt": "zephyr/CMakeLists.txt",
    "Kconfig": "zephyr/Kconfig",
    "README.md": "zephyr/README.md",
    "samples/test_picture/CMakeLists.txt": "zephyr/sample/CMakeLists.txt",
    "samples/test_picture/prj.conf": "zephyr/sample/prj.conf",
    "samples/test_picture/sample.yaml": "zephyr/sample/sample.yaml",
    "samples/test_picture/src/main.c": "zephyr/sample/main.c",
}


def zephyr(firmware: Firmware) -> dict[str, bytes]:
    """A folder that `ZEPHYR_EXTRA_MODULES` may name; sources in `src/`, headers in `include/`."""
    files = {
        f"{'include' if name.endswith('.h') else 'src'}/{name}": text.encode()
        for name, text in firmware.sources.items()
    }
    listed = "\n".join(f"src/{name}" for name in firmware.c_files)
    scale = "1000" if firmware.compiled.about.output.element == "float32" else "1"
    values = {"LISTED": listed, "SCALE": scale}
    for path, template in _FILES.items():
        files[path] = filled(template, firmware, values)
    return files
