#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A link that swallows segmented packets (GSO) in mid-transfer: offload switches itself off."""

from __future__ import annotations

import sys
import time
from typing import Any

from lib import process
from lib.host import Host, complete
from lib.lab import Lab, run_test
from lib.tables import show
from lib.traffic import Iperf

BASELINE_SECONDS = 6
TRANSFER_SECONDS = 14
SETTLE_SECONDS = 1.5  # what TCP takes to find the rate of a path
BREAK_AFTER_SECONDS = 3.0
RECOGNISED_WITHIN_S = 3.0

# A segmented send crosses the veth as one large packet, and dies there without a word.
SWALLOW_SEGMENTED = """
table inet broken {
    chain arriving {
        type filter hook prerouting priority raw; policy accept;
        iifname "eth0" meta length > 1600 udp dport 9000 counter drop
    }
}
"""


def start(west: Host, east: Host, offload: bool) -> None:
    for host, other in ((west, east), (east, west)):
        assert other.at
        host.peers = [other.entry(endpoints=[other.at.endpoint4()])]
        host.tables["performance"] = {"segmentation_offload": offload}
        host.launch()
    process.wait_until(lambda: complete([west, east]), 15, "both are connected")
    west.wait_ready()
    east.wait_ready()


def median_rate(result: dict[str, Any], begin: float, end: float) -> float:
    rates = sorted(interval["sum"]["bits_per_second"] / 1e6 for interval in result["intervals"]
                   if begin <= interval["sum"]["start"] < end)
    return rates[len(rates) // 2] if rates else 0.0


def verdict_of(host: Host) -> str:
    problems = host.ask("status")["problems"]
    return next((text for text in problems if "segmentation offload is off" in text), "")


def rate_without_offload(lab: Lab, west: Host, east: Host, name: str) -> float:
    start(west, east, offload=False)
    transfer = Iperf(west.namespace, east.namespace, east.v4, lab.directory / name,
                     ("-t", str(BASELINE_SECONDS)))
    rate = median_rate(transfer.finish(timeout_s=60), SETTLE_SECONDS, BASELINE_SECONDS)
    west.stop()
    east.stop()
    return rate


def test(lab: Lab) -> None:
    west, east = lab.hosts_on(lab.switch(), ["west", "east"])
    singles = [rate_without_offload(lab, west, east, "single-before")]

    start(west, east, offload=True)
    assert not verdict_of(west)
    transfer = Iperf(west.namespace, east.namespace, east.v4, lab.directory / "broken",
                     ("-t", str(TRANSFER_SECONDS)))
    time.sleep(BREAK_AFTER_SECONDS)
    process.run(east.namespace.command(["nft", "-f", "-"]), stdin=SWALLOW_SEGMENTED)
    broken_at = time.monotonic()
    process.wait_until(lambda: verdict_of(west), 10, "the daemon says that offload is off")
    recognised_s = time.monotonic() - broken_at
    result = transfer.finish(timeout_s=60)

    verdict = verdict_of(west)
    counters = west.counters()
    before = median_rate(result, 0.5, BREAK_AFTER_SECONDS - 0.5)
    after = median_rate(result, BREAK_AFTER_SECONDS + 3, TRANSFER_SECONDS)
    said = [record for record in west.log_records() if "segmentation offload is off" in
            record["message"]]
    west.stop()
    east.stop()
    # This machine's speed drifts: compare with what it does before and after.
    singles.append(rate_without_offload(lab, west, east, "single-after"))
    single = sum(singles) / len(singles)
    show("segmented packets are swallowed in mid-transfer", ["what", "observed"], [
        ["rate with offload, before", f"{before:.0f} Mbit/s"],
        ["recognised after", f"{recognised_s:.2f} s"],
        ["rate from 3 s after the fault on", f"{after:.0f} Mbit/s"],
        ["rate of a daemon that never segments", "{:.0f} and {:.0f} Mbit/s".format(*singles)],
        ["recovered to", f"{after / single:.0%} of that"],
        ["status says", verdict],
        ["trials, verdicts", f"{counters['quic_offload_trials']}, {counters['quic_offload_off']}"],
    ])
    assert recognised_s <= RECOGNISED_WITHIN_S
    assert after > 0, "no traffic after the fault"
    assert len(said) == 1, f"said {len(said)} times"


if __name__ == "__main__":
    sys.exit(run_test(test))
