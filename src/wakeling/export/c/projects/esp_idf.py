"""An ESP-IDF project: the model as a component, and a program that runs the self-test."""

from __future__ import annotations

from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled


def esp_idf(firmware: Firmware) -> dict[str, bytes]:
    """A folder for `idf.py`; the component is `components/NAME`, which may be copied elsewhere."""
    component = f"components/{firmware.name}"
    files = {
        f"{component}/{'include' if name.endswith('.h') else 'src'}/{name}": text.encode()
        for name, text in firmware.sources.items()
    }
    listed = "\n".join(f'"src/{name}"' for name in firmware.c_files)
    templates = {
        f"{component}/CMakeLists.txt": "component.cmake",
        f"{component}/idf_component.yml": "idf_component.yml",
        "CMakeLists.txt": "project.cmake",
        "main/CMakeLists.txt": "main.cmake",
        "main/main.c": "main.c",
        "README.md": "README.md",
    }
    for path, template in templates.items():
        files[path] = filled(f"esp-idf/{template}", firmware, {"LISTED": listed})
    return files
