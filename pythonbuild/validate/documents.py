"""JSON files beside the standard library, as data or in words why they are none."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Tree

# build-details.json and the JSON of sysconfig came with it.
_FIRST_JSON = (3, 14)
_INTERPRETER = re.compile(r"/python([0-9]{1,3})\.([0-9]{1,3})[td]*$")


def documents(tree: Tree, name: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield each JSON file of that name beside the standard library as data, or in words why it is none.

    ``name`` is a regular expression. From 3.14 on there has to be one.
    """
    pattern = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/" + name)
    texts = {path: text for path, text in tree.text.items() if pattern.fullmatch(path)}
    minor = _INTERPRETER.search(tree.interpreter or "")
    if not texts and minor and (int(minor[1]), int(minor[2])) >= _FIRST_JSON:
        yield f"{tree.prefix}lib", f"has no {name.replace('[^/]*[.]', '*.')}"
    for path, text in texts.items():
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield path, f"is not JSON: {error!s:.200}"
            continue
        yield path, data if isinstance(data, dict) else "is not a JSON object"


def shown(value: object) -> str:
    """Return a value in a few letters; only text is written as it is, whatever else a hostile file has there."""
    return f"{value[:80]!r}" if isinstance(value, str) else "nothing" if value is None else f"a {type(value).__name__}"
