# SPDX-License-Identifier: Apache-2.0
"""Where tools/setup has put the npm packages that tests use: each version in a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

from .host import REPOSITORY


def folder_of(package: str) -> Path | None:
    """The node_modules with the version that tools/setup names; None if it is not there."""
    cache = Path(os.environ.get("QUICETHER_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quicether")
    for line in (REPOSITORY / "tools/setup").read_text().splitlines():
        words = line.split()
        if words and words[0].startswith(f"{package}@"):
            folder = cache / "npm" / words[0] / "node_modules"
            return folder if (folder / package).is_dir() else None
    return None
