# SPDX-License-Identifier: Apache-2.0
"""Medians, ratios, and both as Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

OURS = "quicether"


@dataclass
class Figure:
    key: str
    title: str
    digits: int
    compared: bool = True


FIGURES = [
    Figure("tcp_1_out_mbps", "TCP, 1 stream, near → far, Mbit/s", 0),
    Figure("tcp_1_back_mbps", "TCP, 1 stream, far → near, Mbit/s", 0),
    Figure("tcp_4_out_mbps", "TCP, 4 streams, near → far, Mbit/s", 0),
    Figure("tcp_4_back_mbps", "TCP, 4 streams, far → near, Mbit/s", 0),
    Figure("cpu_s_per_gb", "CPU of both tunnel processes, s per GB of TCP", 2),
    Figure("udp_1400_mbps", "UDP, 1400-byte packets, loss-free, Mbit/s", 0),
    Figure("udp_64_pps", "UDP, 64-byte packets, loss-free, packets/s", 0),
    Figure("rtt_idle_p50_ms", "RTT idle, p50, ms", 3),
    Figure("rtt_idle_p99_ms", "RTT idle, p99, ms", 3),
    Figure("rtt_load_p50_ms", "RTT under 4 streams, p50, ms", 2),
    Figure("rtt_load_p99_ms", "RTT under 4 streams, p99, ms", 2),
    Figure("rtt_load_lost", "pings lost under 4 streams", 0, compared=False),
    Figure("rss_idle_mb", "RSS of an end, idle, MB", 1),
    Figure("rss_load_mb", "RSS of an end, after load, MB", 1),
    Figure("idle_cpu_ms_per_10s", "CPU of an end, idle, ms per 10 s", 2),
    Figure("first_ping_ms", "start to first ping, ms", 0),
]

Rounds = list[dict[str, float]]     # a contender's figures, by round; empty if it failed


def median(rounds: Rounds, key: str) -> float | None:
    values = [one[key] for one in rounds if key in one]
    return statistics.median(values) if values else None


def ratio(ours: Rounds, theirs: Rounds, key: str) -> float | None:
    """Median of the ratios of single rounds: what slows a whole round cancels out."""
    values = [mine[key] / other[key] for mine, other in zip(ours, theirs)
              if key in mine and other.get(key)]
    return statistics.median(values) if values else None


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(head), "|---|" + "---:|" * (len(head) - 1), *[_row(row) for row in rows]]


def medians_table(results: dict[str, Rounds]) -> list[str]:
    rows = []
    for figure in FIGURES:
        values = [median(rounds, figure.key) for rounds in results.values()]
        if any(value is not None for value in values):
            rows.append([figure.title, *[_cell(value, figure.digits) for value in values]])
    return table(["median", *results], rows)


def ratios_table(results: dict[str, Rounds]) -> list[str]:
    others = [name for name in results if name != OURS]
    rows = []
    for figure in FIGURES:
        values = [ratio(results[OURS], results[name], figure.key) for name in others]
        if figure.compared and any(value is not None for value in values):
            rows.append([figure.title, *[_cell(value, 2) for value in values]])
    return table([f"{OURS} ÷", *others], rows)


def markdown(results: dict[str, Rounds], versions: dict[str, str], skipped: dict[str, str],
             conditions: str) -> str:
    lines = [conditions, ""]
    lines += [f"- {name}: {versions[name]}" for name in results if versions.get(name)]
    lines += [f"- {name} is skipped. {why}" for name, why in skipped.items()]
    lines += ["", *medians_table(results)]
    if OURS in results and len(results) > 1:
        lines += ["", *ratios_table(results)]
    return "\n".join(lines) + "\n"
