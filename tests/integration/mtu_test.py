#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""Paths that silently lose large packets: every size still gets through the overlay.

The hosts' own links keep 1500 bytes; a hop in the middle does not, and no ICMP tells of it.
"""

from __future__ import annotations

import os
import sys
import time

from lib import process
from lib.host import Host, complete
from lib.lab import Lab, run_test
from lib.tables import show
from lib.traffic import tcp_transfer, udp_packets

UNDERLAY_MTUS = (1500, 1400, 1280)
TRANSFER_BYTES = 10 << 20
UDP_IP_BYTES = 1420
UDP_COUNT = 10


def connect(west: Host, east: Host, family: str) -> None:
    """Fresh daemons that reach each other over one underlay family."""
    for host, other in ((west, east), (east, west)):
        assert other.at
        endpoint = other.at.endpoint4() if family == "v4" else other.at.endpoint6()
        host.peers = [other.entry(endpoints=[endpoint])]
        host.launch()
    process.wait_until(lambda: complete([west, east]), 15, "both are connected")
    west.wait_ready()
    east.wait_ready()


def measure(west: Host, east: Host, payload: bytes) -> list[dict[str, object]]:
    """One row for each overlay family; the first traffic right after the handshake counts too."""
    rows = []
    for family, address in (("v4", east.v4), ("v6", east.v6)):
        fragments = west.counters()["fragments_sent"]
        udp = udp_packets(west.namespace, east.namespace, address, UDP_IP_BYTES, UDP_COUNT)
        transfer = tcp_transfer(west.namespace, east.namespace, address, payload)
        rows.append({"overlay": family, "udp": udp, "intact": transfer.intact,
                     "rate": transfer.megabits_per_second,
                     "fragments": west.counters()["fragments_sent"] - fragments})
    return rows


def test(lab: Lab) -> None:
    hole = lab.black_hole()
    west, east = lab.host("wes", 1), lab.host("eas", 2)
    west.at, east.at = hole.attach(west.namespace, 0), hole.attach(east.namespace, 1)
    payload = os.urandom(TRANSFER_BYTES)
    rows, failures = [], []
    for mtu in UNDERLAY_MTUS:
        hole.set_mtu(mtu)
        for underlay in ("v4", "v6"):
            connect(west, east, underlay)
            for seen in measure(west, east, payload):
                path = west.peer(east)["paths"][0]
                rows.append([mtu, underlay, seen["overlay"],
                             "intact" if seen["intact"] else "BROKEN", f"{seen['rate']:.0f}",
                             f"{seen['udp']}/{UDP_COUNT}", path["udp_payload_bytes"],
                             seen["fragments"]])
                if not seen["intact"] or seen["udp"] != UDP_COUNT:
                    failures.append(f"underlay {underlay} {mtu}, overlay {seen['overlay']}")
            west.stop()
            east.stop()
            time.sleep(0.1)
    show(f"{TRANSFER_BYTES >> 20} MiB over TCP and {UDP_IP_BYTES}-byte UDP packets through "
         "black holes", ["MTU", "underlay", "overlay", "10 MiB", "Mbit/s", "UDP", "path payload",
                         "fragments"], rows)
    assert not failures, f"lost: {failures}"


if __name__ == "__main__":
    sys.exit(run_test(test))
