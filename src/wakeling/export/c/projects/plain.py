"""The C files, and a program that tests them: for a project that exists already."""

from __future__ import annotations

from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled
from wakeling.export.c.targets import TARGETS


def plain(firmware: Firmware) -> dict[str, bytes]:
    """All C files in one folder, the self-test as a program in `selftest/`, a README."""
    cpu = TARGETS[firmware.compiled.about.target].cpu
    if cpu is None:
        build = "cc -std=c99 -O2 -I. -o selftest/run selftest/main.c *.c"
        run = "selftest/run"
        note = "It prints PASS. `*.c` are the files that your own project needs."
    else:
        build = f"arm-none-eabi-gcc -mthumb -mcpu={cpu} -std=c99 -O2 -c *.c"
        run = "arm-none-eabi-size *.o"
        note = "Link the objects to your program. `selftest/main.c` shows how to run the self-test there."
    files = {name: text.encode() for name, text in firmware.sources.items()}
    files["selftest/main.c"] = filled("plain/main.c", firmware)
    files["README.md"] = filled("plain/README.md", firmware, {"BUILD": build, "RUN": run, "NOTE": note})
    return files
