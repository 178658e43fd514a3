"""An Arduino library as a zip, with its examples: the self-test, and a camera row by row."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def arduino(firmware: Firmware) -> dict[str, bytes]:
    """The library as `NAME.zip` (Sketch > Include Library > Add .ZIP Library), and a README."""
    root = firmware.name
    inside = {f"{root}/src/{name}": text.encode() for name, text in firmware.sources.items()}
    inside[f"{root}/library.properties"] = filled("arduino/library.properties", firmware)
    inside[f"{root}/examples/TestPicture/TestPicture.ino"] = filled("arduino/TestPicture.ino", firmware)
    if firmware.camera is not None:
        inside[f"{root}/examples/Camera/Camera.ino"] = filled(
            "arduino/Camera.ino", firmware, _camera(firmware)
        )
    inside[f"{root}/README.md"] = readme = filled("arduino/README.md", firmware)
    return {f"{firmware.name}.zip": zipped(inside), "README.md": readme}


def _camera(firmware: Firmware) -> dict[str, str]:
    """The words of the camera's example: what it includes, and what is done with the output."""
    includes = "\n".join(
        f"#include <{line.split(chr(34))[1]}>" for line in firmware.use()["include"].splitlines()
    )
    show = "" if firmware.decision is not None else _SHOW
    answer = _DECIDE if firmware.decision is not None else "show();"
    return {"ARDUINO_INCLUDE": includes, "SHOW": show, "ANSWER": answer}


_SHOW = """\
static void show() {
    for (int i = 0; i < WK_LABELS; i++) {
        Serial.print(wk_labels[i]);
        Serial.print(": ");
        Serial.println(wk_output(&model)[i]);
    }
}
"""

_DECIDE = """\
const int event = wk_decide(&decision, &model);
if (event == WK_APPEARED) {
    Serial.println("appeared");
} else if (event == WK_DISAPPEARED) {
    Serial.println("disappeared");
}"""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
