#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""Five hosts that list each other become a complete mesh, at once and over IPv4 and IPv6."""

from __future__ import annotations

import itertools
import sys
import time

from lib.host import Host, complete, connect_all
from lib.lab import Lab, process, run_test, sanitized
from lib.tables import milliseconds, show
from lib.traffic import Ping, PingResult

NAMES = ["ann", "bob", "cat", "dan", "eve"]
MESH_SECONDS_MAX = 1.0  # after the last start


def start_all(hosts: list[Host]) -> tuple[float, float]:
    """Seconds the starts were spread over, and from the last start to the complete mesh."""
    connect_all(hosts)
    for host in hosts:
        host.launch()
    first, last = hosts[0].started_at, hosts[-1].started_at
    process.wait_until(lambda: complete(hosts), 20, "the mesh is complete", interval_s=0.01)
    formed = time.monotonic()
    for host in hosts:
        host.wait_ready()
    return last - first, formed - last


def ping_pairs(lab: Lab, hosts: list[Host]) -> dict[tuple[str, str, str], PingResult]:
    """All directed pairs over both families at the same time."""
    running = {}
    for source, target in itertools.permutations(hosts, 2):
        for family, address in (("v4", target.v4), ("v6", target.v6)):
            output = lab.directory / f"ping-{source.name}-{target.name}-{family}"
            running[source.name, target.name, family] = Ping(
                source.namespace, address, output, count=3, interval_s=0.2)
    return {pair: ping.finish() for pair, ping in running.items()}


def test(lab: Lab) -> None:
    hosts = lab.hosts_on(lab.switch(), NAMES, derived=True)
    spread, formed = start_all(hosts)

    results = ping_pairs(lab, hosts)
    rows = []
    for source in hosts:
        peers = source.cli_json("peers")["peers"]
        connected = [peer for peer in peers if peer["state"] == "connected"]
        path = connected[0]["paths"][0] if connected and connected[0]["paths"] else {}
        pings = {family: [result for (name, _, kind), result in results.items()
                          if name == source.name and kind == family] for family in ("v4", "v6")}
        rows.append([source.name, source.v4, source.v6, f"{len(connected)}/{len(peers)}",
                     *[f"{sum(r.received for r in pings[k])}/{sum(r.sent for r in pings[k])}"
                       for k in ("v4", "v6")],
                     path.get("key_exchange"), path.get("cipher")])
        assert len(connected) == 4, f"{source.name} is connected to {len(connected)} of 4"
    show("complete graph of five hosts", ["host", "overlay v4", "overlay v6", "connected",
                                          "ping v4", "ping v6", "key exchange", "cipher"], rows)
    show("time to the mesh", ["what", "seconds"],
         [["first to last start", milliseconds(spread)],
          ["last start to complete mesh", milliseconds(formed)]])

    failed = [f"{source} → {target} ({family}): {result.received} of {result.sent}"
              for (source, target, family), result in results.items() if result.received == 0]
    assert not failed, f"pairs without an answer: {failed}"
    assert sanitized() or formed <= MESH_SECONDS_MAX, \
        f"the mesh took {formed:.2f} s after the last start"


if __name__ == "__main__":
    sys.exit(run_test(test))
