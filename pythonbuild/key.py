"""The key of a job: a hash over everything that can change its result, kept as named parts.

The parts are a plain mapping that can be printed (``./build.py show key``) and compared with those of a
stored result (``./build.py why``). What a job only carries along - the time, the number of processors,
comments in its YAML, the engine - is not a part, so it never causes a rebuild.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pythonbuild.render import Rendered

FORMAT = "1"  # raise it when the way results are laid out changes


def components(rendered: Rendered, *, image: str, needs: Mapping[str, str]) -> dict[str, str]:
    """Return the named parts of a job's key.

    ``rendered`` is its script and files, ``image`` the digest of the build image, ``needs`` the keys of
    the jobs that it needs by name.
    """
    parts = {"format": FORMAT, "image": image, "script": text_digest(rendered.script)}
    for source in rendered.job.sources:
        pins = "\n".join(origin.sha256 for origin in source.origins)
        parts[f"source {source.name}"] = text_digest(pins)
    for name, data in rendered.recipe_files.items():
        parts[f"file {name}"] = file_digest(data)
    for name, text in rendered.files.items():
        parts[f"input {name}"] = text_digest(text)
    for name, data in rendered.inside.items():
        parts[f"inside {name}"] = file_digest(data)
    for name, key in needs.items():
        parts[f"need {name}"] = key
    return dict(sorted(parts.items()))


def key_of(parts: Mapping[str, str]) -> str:
    """Return the key, 64 hexadecimal digits, of ``parts``."""
    return text_digest(json.dumps(parts, sort_keys=True))


def text_digest(text: str) -> str:
    """Return the sha256 of ``text`` as UTF-8, in hexadecimal."""
    return digest(text.encode())


def digest(data: bytes) -> str:
    """Return the sha256 of ``data``, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# Of the contents of files, of which there are few.
file_digest = lru_cache(maxsize=1024)(digest)
