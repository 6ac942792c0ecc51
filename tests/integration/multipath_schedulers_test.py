#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which uplink takes how much: weights, turns, the quickest, and a copy on each."""

from __future__ import annotations

import sys

from lib import process
from lib.capture import Capture, frames
from lib.lab import Lab, run_test
from lib.linkemu import available
from lib.stream import SteadyStream
from lib.tables import show
from lib.uplinks import TwoSites, Uplink

PACKET_BYTES = 1000
PACKETS = 2000
# A datagram of the stream on the line is at least so long. So is what is sent again, and the few
# probes for the path's MTU.
LINE_BYTES_MIN = PACKET_BYTES + 28
OTHERS_MAX = 0.02  # share of such among the counted
DSCP_EF = 46
WEIGHTS = {"fibre": 5.0, "cable": 3.0, "lte": 2.0}
SHARE_ERROR_MAX = 0.05
# A stream of a busy sender comes in bursts, for all of which the quickest path may have no room.
QUICKEST_SHARE_MIN = 0.8

UPLINKS = [Uplink("fibre", 100, 4), Uplink("cable", 100, 10), Uplink("lte", 100, 30)]


def stream(site: TwoSites, count: int = PACKETS, dscp: int = 0) -> SteadyStream:
    """Ends after `count` packets, of which none may be lost."""
    sent = SteadyStream(site.left, site.right, interval_s=0.001, size=PACKET_BYTES, dscp=dscp)
    process.wait_until(lambda: sent.sent >= count, 60, "the stream is sent")
    return sent


def sent_bytes(site: TwoSites) -> dict[str, int]:
    return {path["interface"]: path["bytes_sent"] for path in site.paths(site.left)}


def weighted(site: TwoSites) -> list[list[object]]:
    site.start(scheduler="weighted", weights=WEIGHTS)
    before = sent_bytes(site)
    heard = stream(site).stop()
    carried = {name: bytes_sent - before[name] for name, bytes_sent in sent_bytes(site).items()}
    assert heard.lost == 0, f"weighted: {heard.lost} lost"
    rows: list[list[object]] = []
    for name, weight in WEIGHTS.items():
        wanted = weight / sum(WEIGHTS.values())
        share = carried[name] / sum(carried.values())
        rows.append(["weighted", name, f"{100 * share:.1f} %", f"{100 * wanted:.0f} %"])
        assert abs(share / wanted - 1) <= SHARE_ERROR_MAX, f"weighted: {rows}"
    site.stop()
    return rows


def count_large(captures: dict[str, Capture]) -> dict[str, int]:
    """Packets of the stream so far."""
    return {name: sum(len(frame) >= LINE_BYTES_MIN for frame in frames(capture.file))
            for name, capture in captures.items()}


def round_robin(site: TwoSites, lab: Lab) -> list[list[object]]:
    site.start(scheduler="round_robin")
    captures = {uplink.name: Capture(site.right.namespace, uplink.name,
                                     lab.directory / f"{uplink.name}.pcap", "udp")
                for uplink in UPLINKS}
    heard = stream(site).stop()
    assert heard.lost == 0, f"round_robin: {heard.lost} lost"
    process.wait_until(lambda: sum(count_large(captures).values()) >= heard.sent, 10,
                       "tcpdump has written all packets")
    counts = count_large(captures)
    for capture in captures.values():
        capture.stop()
    rows: list[list[object]] = [["round_robin", name, f"{count} packets",
                                 f"{heard.sent / len(counts):.1f}"]
                                for name, count in counts.items()]
    others = sum(counts.values()) - heard.sent
    assert others <= OTHERS_MAX * heard.sent, f"{counts} of {heard.sent}"
    # Turns are exact to one; what is counted besides may be on any uplink.
    assert max(counts.values()) - min(counts.values()) <= 1 + others, f"round_robin: {counts}"
    site.stop()
    return rows


def latency(site: TwoSites) -> list[list[object]]:
    """What the quickest uplink has room for takes no other one."""
    site.start(scheduler="latency", latency_threshold="15ms")
    far = site.path(site.left, "lte")
    assert not far["used"] and "round trip" in far["reason"], far
    assert site.path(site.left, "cable")["used"]
    before = sent_bytes(site)
    heard = stream(site).stop()
    carried = {name: bytes_sent - before[name] for name, bytes_sent in sent_bytes(site).items()}
    assert heard.lost == 0, f"latency: {heard.lost} lost"
    share = carried["fibre"] / sum(carried.values())
    assert share >= QUICKEST_SHARE_MIN, f"latency: {carried}"
    site.stop()
    return [["latency", "fibre", f"{100 * share:.1f} %", "100 %"]]


def redundant(site: TwoSites) -> list[list[object]]:
    """One of two uplinks loses packets, then is cut, then the other: not one packet is lost."""
    names = ["fibre", "lte"]
    site.start(names, scheduler="redundant")
    rows: list[list[object]] = []
    for victim in names:
        site.links.set(victim, loss="10%")
        rows.append(unharmed(stream(site), f"redundant, 10 % loss of {victim}"))
        site.links.set(victim, loss="0")
        running = stream(site, PACKETS // 4)
        site.links.down(victim)
        process.wait_until(lambda: running.sent >= PACKETS // 2, 20, "the stream goes on")
        site.links.up(victim)
        site.wait_state(victim, "active")
        rows.append(unharmed(running, f"redundant, cut of {victim}"))
    site.stop()
    return rows


def some_redundant(site: TwoSites) -> list[list[object]]:
    """Packets of one class go twice, others once, whatever the scheduler."""
    names = ["fibre", "lte"]
    site.start(names, redundant_classes=["ef"])
    rows: list[list[object]] = []
    for title, dscp, wanted in (("EF", DSCP_EF, 2), ("other", 0, 1)):
        before = sent_bytes(site)
        heard = stream(site, dscp=dscp).stop()
        assert heard.lost == 0 and heard.duplicates == 0, f"{title}: {heard}"
        bytes_sent = sum(sent_bytes(site).values()) - sum(before.values())
        times = bytes_sent / (heard.sent * LINE_BYTES_MIN)
        rows.append([f"adaptive, {title}", "both", f"{times:.2f} times", wanted])
        # A path that is doubtful for a moment has no copies then.
        assert wanted - 0.5 <= times < wanted + 0.5, rows
    site.links.set("fibre", loss="10%")
    rows.append(unharmed(stream(site, dscp=DSCP_EF), "adaptive, EF, 10 % loss of fibre"))
    site.links.set("fibre", loss="0")
    site.stop()
    return rows


def unharmed(running: SteadyStream, what: str) -> list[object]:
    heard = running.stop()
    assert heard.lost == 0, f"{what}: {heard.lost} of {heard.sent} lost: {heard.missing[:20]}"
    assert heard.duplicates == 0, f"{what}: {heard.duplicates} came twice"
    return [what, "", f"{heard.lost} of {heard.sent} lost", "0"]


def test(lab: Lab) -> None:
    assert available(), "the link emulator is missing; run tools/build first"
    site = TwoSites(lab, UPLINKS)
    rows = [*weighted(site), *round_robin(site, lab), *latency(site), *redundant(site),
            *some_redundant(site)]
    show("three uplinks", ["scheduler", "uplink", "took", "wanted"], rows)
    site.links.stop()


if __name__ == "__main__":
    sys.exit(run_test(test))
