# SPDX-License-Identifier: Apache-2.0
"""What the parts of bench/multipath share: the plan, the tables, transfers and what they carried."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, Sequence

from lib import process
from lib.namespaces import Namespace
from lib.uplinks import TwoSites


@dataclass
class Plan:
    seconds: float
    scheduler: str
    match: str


def say(text: str) -> None:
    print(f"multipath: {text}", file=sys.stderr, flush=True)


def table(title: str, *columns: str) -> None:
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: object) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def p(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


# --- The machine -----------------------------------------------------------------------------------


class Stolen:
    """Which share of the processors' time a virtual machine's host gave to others, since it began."""

    def __init__(self) -> None:
        self._begin = self._read()

    @staticmethod
    def _read() -> tuple[int, int]:
        with open("/proc/stat", encoding="ascii") as file:
            jiffies = [int(text) for text in file.readline().split()[1:9]]
        return jiffies[7], sum(jiffies)

    def share(self) -> float:
        stolen, everything = self._read()
        return (stolen - self._begin[0]) / max(everything - self._begin[1], 1)


# --- TCP -------------------------------------------------------------------------------------------


@dataclass
class Load:
    """What iperf3 reports of a transfer through the overlay."""
    megabits: float
    retransmits: int
    stolen: float  # share of the processors' time
    result: dict[str, Any]


def transfer(site: TwoSites, seconds: float, warm: float, flows: int = 1,
             reverse: bool = False) -> Load:
    """TCP with CUBIC from left to right, or back. Goodput without the first `warm` seconds."""
    server = process.spawn(
        site.right.namespace.command(["iperf3", "-s", "-1", "-B", site.right.v4]),
        site.right.directory / "iperf3.log")
    process.wait_until(
        lambda: "LISTEN" in site.right.namespace.run(["ss", "-Htln", "sport", "=", ":5201"]), 5,
        "iperf3 listens")
    stolen = Stolen()
    command = ["iperf3", "-J", "-C", "cubic", "-c", site.right.v4, "-P", str(flows),
               "-t", f"{seconds:g}", "-O", f"{warm:g}", *(["-R"] if reverse else [])]
    done = site.left.namespace.try_run(command, timeout_s=seconds + warm + 30)
    process.end(server)
    result = json.loads(done.stdout)
    if "error" in result:
        raise AssertionError(f"iperf3: {result['error']}")
    end = result["end"]
    return Load(end["sum_received"]["bits_per_second"] / 1e6,
                end["sum_sent"].get("retransmits", 0), stolen.share(), result)


# --- Bytes over time ---------------------------------------------------------------------------------


class Meter:
    """Reads a namespace's interface counters every 20 ms. "overlay" is its TUN interface, the others
    are called as they are. Times are UNIX times."""

    INTERVAL_SECONDS = 0.02

    def __init__(self, namespace: Namespace, links: Sequence[str]) -> None:
        self._namespace, self._links = namespace, set(links)
        self._samples: list[tuple[float, dict[str, int]]] = []
        self._running = True
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with self._namespace.entered():
            while self._running:
                self._samples.append((time.time(), self._read()))
                time.sleep(self.INTERVAL_SECONDS)

    def _read(self) -> dict[str, int]:
        received: dict[str, int] = {}
        with open("/proc/thread-self/net/dev", encoding="ascii") as file:
            for line in file.readlines()[2:]:
                name, figures = line.split(":", 1)
                name = name.strip()
                if name != "lo":
                    received[name if name in self._links else "overlay"] = int(figures.split()[0])
        return received

    def megabits(self, interface: str, begin: float, end: float) -> float:
        """Per second, received between these times."""
        inside = [(at, counts.get(interface, 0)) for at, counts in self._samples
                  if begin <= at <= end]
        if len(inside) < 2:
            return 0
        (first_at, first), (last_at, last) = inside[0], inside[-1]
        return (last - first) * 8 / (last_at - first_at) / 1e6

    def reaches(self, interface: str, megabits: float, since: float, window: float,
                until: float) -> float | None:
        """Seconds from `since` until a window begins in which it receives that much; None if it
        never does."""
        for at, _ in self._samples:
            if (since <= at <= until - window
                    and self.megabits(interface, at, at + window) >= megabits):
                return at - since
        return None

    def stop(self) -> None:
        self._running = False
        self._thread.join()


__all__ = ["Load", "Meter", "Plan", "p", "percent", "row", "say", "table", "transfer"]
