# SPDX-License-Identifier: Apache-2.0
"""A part of bench/multipath: the schedulers beside each other, on the same uplinks and load."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lib.lab import Lab
from lib.uplinks import TwoSites, Uplink
from uplink_failures import Watch, milliseconds
from uplink_load import Plan, row, say, table

WARM_SECONDS = 3
FLOWS = 4
WEIGHTS = {"fibre": 3.0, "lte": 1.0}
UPLINKS = [Uplink("fibre", 60, 10), Uplink("lte", 30, 40)]


@dataclass(frozen=True)
class Case:
    name: str
    settings: dict[str, Any]
    share: float | None = None  # of all bytes that the first uplink is to carry


CASES = (
    Case("adaptive", {"scheduler": "adaptive"}),
    Case("latency", {"scheduler": "latency"}),
    Case("latency, threshold 20 ms", {"scheduler": "latency", "latency_threshold": "20ms"}, 1),
    Case("weighted, none set", {"scheduler": "weighted"}),
    Case("weighted 3 : 1", {"scheduler": "weighted", "weights": WEIGHTS}, 3 / 4),
    Case("round_robin", {"scheduler": "round_robin"}, 1 / 2),
    Case("redundant", {"scheduler": "redundant"}, 1 / 2),
    Case("failover", {"mode": "failover"}, 1),
    Case("limit of 10 on the second", {"limits": {"lte": 10}}))


def schedulers(plan: Plan) -> list[dict[str, Any]]:
    """Four TCP flows with a stream of small packets beside them."""
    first, second = UPLINKS
    table(f"Schedulers, 4 flows over {first} and {second}", "scheduler", "Mbit/s",
          "lines, Mbit/s", "share of the first, %", "wanted", "stream median and p99 delay, ms",
          "longest gap", "lost")
    found: list[dict[str, Any]] = []
    with Lab() as lab:
        site = TwoSites(lab, UPLINKS)
        for case in CASES:
            if plan.match not in case.name:
                continue
            say(f"schedulers: {case.name}")
            one = _measure(site, plan, case)
            row(case.name, f"{one['megabits']:.1f}",
                " + ".join(f"{line:.1f}" for line in one["lines"]), f"{100 * one['share']:.1f}",
                "-" if case.share is None else f"{100 * case.share:.0f}",
                f"{1000 * one['delay_s']:.1f} / {1000 * one['delay_p99_s']:.1f}",
                milliseconds(one["gap_s"]), f"{one['lost']} of {one['sent']}")
            found.append({"case": case.name, **one})
        site.links.stop()
    return found


def _measure(site: TwoSites, plan: Plan, case: Case) -> dict[str, Any]:
    site.start(**case.settings)
    try:
        watch = Watch(site, WARM_SECONDS + plan.seconds, FLOWS)
        begin = time.time() + WARM_SECONDS
        end = begin + plan.seconds - 0.5
        seen = watch.finish()
    finally:
        site.stop()
    lines = [seen.meter.megabits(uplink.name, begin, end) for uplink in UPLINKS]
    return {"megabits": seen.meter.megabits("overlay", begin, end), "lines": lines,
            "share": lines[0] / sum(lines), "delay_s": seen.heard.delay_s(0.5, begin, end),
            "delay_p99_s": seen.heard.delay_s(0.99, begin, end),
            "gap_s": seen.heard.longest_gap_s(begin, end), "lost": seen.heard.lost,
            "sent": seen.heard.sent}


__all__ = ["schedulers"]
