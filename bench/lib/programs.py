# SPDX-License-Identifier: Apache-2.0
"""Where the programs are that a build makes for benchmarks."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def bench_program(name: str) -> Path:
    """In build/release, or in the folder that QUICETHER_BENCH_DIR names."""
    return Path(os.environ.get("QUICETHER_BENCH_DIR", REPOSITORY / "build/release")) / name
