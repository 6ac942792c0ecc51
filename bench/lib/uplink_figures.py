# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/multipath. Each prints its table row by row and returns its figures."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Callable, Sequence

from lib.lab import Lab
from lib.traffic import Ping
from lib.uplinks import TwoSites, Uplink
from uplink_failures import failures, redundant, roam
from uplink_load import Load, Plan, p, percent, row, say, table, transfer
from uplink_schedulers import schedulers

# What is not counted: slow start, and over several uplinks what the scheduler has to learn.
WARM_SECONDS = 3
SLOW_WARM_SECONDS = 10  # where a round trip takes more than SLOW_RTT_MS
SLOW_RTT_MS = 200
LEARN_SECONDS = 8
SLOW_LEARN_SECONDS = 25

ATTEMPTS = 3
STOLEN_MAX = 0.04


def warm_seconds(uplinks: Sequence[Uplink]) -> float:
    slow = any(uplink.rtt > SLOW_RTT_MS for uplink in uplinks)
    if len(uplinks) > 1:
        return SLOW_LEARN_SECONDS if slow else LEARN_SECONDS
    return SLOW_WARM_SECONDS if slow else WARM_SECONDS


@dataclass
class Measured:
    load: Load
    pings: list[float]

    @property
    def megabits(self) -> float:
        return self.load.megabits


def measure(site: TwoSites, plan: Plan, names: Sequence[str] | None, flows: int,
            reverse: bool = False, scheduler: str | None = None) -> Measured:
    """measure_once(), again when the host of a virtual machine took much of its processors away."""
    best: Measured | None = None
    for _ in range(ATTEMPTS):
        measured = measure_once(site, plan, names, flows, reverse, scheduler)
        if best is None or measured.load.stolen < best.load.stolen:
            best = measured
        if best.load.stolen <= STOLEN_MAX:
            break
        say(f"{100 * measured.load.stolen:.0f} % of the processors were taken away meanwhile")
    assert best is not None
    return best


def measure_once(site: TwoSites, plan: Plan, names: Sequence[str] | None, flows: int,
                 reverse: bool, scheduler: str | None) -> Measured:
    """Daemons started anew over these uplinks, one transfer, and a ping beside it."""
    used = [uplink for uplink in site.uplinks if not names or uplink.name in names]
    site.start(names, scheduler=scheduler or plan.scheduler)
    try:
        warm = warm_seconds(used)
        ping = Ping(site.left.namespace, site.right.v4, site.left.directory / "ping.log", count=10000,
                    interval_s=0.05)
        load = transfer(site, plan.seconds, warm, flows, reverse)
        return Measured(load, ping.stop().rtts_ms)
    finally:
        site.stop()


def singles(site: TwoSites, plan: Plan, flows: int,
            reverse: bool = False) -> dict[str, Measured]:
    return {uplink.name: measure(site, plan, [uplink.name], flows, reverse)
            for uplink in site.uplinks}


# --- Sums ------------------------------------------------------------------------------------------


FOUR_ALIKE = [Uplink(f"up{i}", 100, 10) for i in range(1, 5)]
FOUR_UNLIKE = [Uplink("dsl", 25, 10), Uplink("cable", 50, 15), Uplink("lte", 50, 30),
               Uplink("sat", 100, 600, queue="300ms")]


def sums(plan: Plan) -> list[dict[str, Any]]:
    """What all uplinks carry together, against the sum of what they carry one by one."""
    table("All uplinks at once", "uplinks", "flows", "direction", "alone, Mbit/s", "together",
          "of the sum", "of the best", "ping median alone (best) and beside, ms")
    found: list[dict[str, Any]] = []
    for title, uplinks, loads in (
            ("alike", FOUR_ALIKE, ((1, False), (1, True), (16, False), (16, True))),
            ("unlike", FOUR_UNLIKE, ((16, False), (1, False), (16, True), (1, True)))):
        if plan.match not in title:
            continue
        with Lab() as lab:
            site = TwoSites(lab, uplinks)
            for flows, reverse in loads:
                alone = singles(site, plan, flows, reverse)
                bond = measure(site, plan, None, flows, reverse)
                total = sum(one.megabits for one in alone.values())
                best = max(one.megabits for one in alone.values())
                row(title, flows, "back" if reverse else "forth",
                    " + ".join(f"{one.megabits:.1f}" for one in alone.values()),
                    f"{bond.megabits:.1f}", percent(bond.megabits, total),
                    percent(bond.megabits, best),
                    f"{min(p(one.pings, 0.5) for one in alone.values()):.1f} / "
                    f"{p(bond.pings, 0.5):.1f} (p90 {p(bond.pings, 0.9):.1f})")
                found.append({"title": title, "flows": flows, "reverse": reverse,
                              "alone": [one.megabits for one in alone.values()],
                              "together": bond.megabits, "ping_ms": p(bond.pings, 0.5)})
            site.links.stop()
    return found


# --- Profiles --------------------------------------------------------------------------------------


BEST_RATE = 50  # Mbit/s


def profiles(plan: Plan) -> list[dict[str, Any]]:
    """Two uplinks, the second one slower and farther, and with loss: never below the better one. At
    BEST_RATE two processors suffice for daemons, emulator and iperf3."""
    table("Two uplinks of all kinds, one flow", "first", "second", "alone, Mbit/s", "together",
          "of the better one", "of the sum")
    found: list[dict[str, Any]] = []
    for ratio in (1, 2, 4, 10):
        for spread in (0, 20, 50, 300):
            for loss in ("0", "0.5%"):
                first = Uplink("first", BEST_RATE, 10)
                second = Uplink("second", BEST_RATE / ratio, 10 + spread, loss)
                title = f"{ratio}:1 spread {spread} loss {loss}"
                if plan.match not in title:
                    continue
                with Lab() as lab:
                    site = TwoSites(lab, [first, second])
                    alone = singles(site, plan, 1)
                    bond = measure(site, plan, None, 1)
                    site.links.stop()
                best = max(one.megabits for one in alone.values())
                row(first, second, " / ".join(f"{one.megabits:.1f}" for one in alone.values()),
                    f"{bond.megabits:.1f}", percent(bond.megabits, best),
                    percent(bond.megabits, sum(one.megabits for one in alone.values())))
                found.append({"title": title, "alone": [one.megabits for one in alone.values()],
                              "together": bond.megabits})
    shares = [one["together"] / max(one["alone"]) for one in found]
    if shares:
        print(f"\nWorst: {100 * min(shares):.0f} % of the better uplink; "
              f"median {100 * statistics.median(shares):.0f} %.")
    return found


PARTS: dict[str, Callable[[Plan], list[dict[str, Any]]]] = {
    "sums": sums, "profiles": profiles, "failures": failures, "redundant": redundant, "roam": roam,
    "schedulers": schedulers}

__all__ = ["PARTS", "Plan"]
