"""What every page is made with: the Jinja environment, and JSON that can stand inside a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any  # plain JSON values have no narrower type

from wakeling.errors import MissingDependencyError
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """An environment that escapes every text and refuses names that are not given.

    Raises MissingDependencyError without Jinja2.
    """
    try:
        import jinja2
        from markupsafe import Markup, escape
    except ImportError as error:
        raise MissingDependencyError("Jinja2", "report") from error
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        bytes=format_bytes,
        count=format_count,
        breakable=lambda text: escape(text).replace("/", Markup("/<wbr>")).replace("_", Markup("_<wbr>")),
    )
    return made


def embedded_json(value: Mapping[str, Any]) -> str:
    """Plain values as JSON that can stand inside a script element: plain ASCII without < > &."""
    text = json.dumps(value, allow_nan=False, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
