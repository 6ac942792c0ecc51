#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The link emulator does to packets what it is told, and accounts for every one of them.

How exact its times are is measured by bench/linkemu/accuracy; nothing here depends on a clock.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from typing import Any

from lib import process
from lib.lab import Lab, Skip, run_test
from lib.linkemu import Dice, EmulatedLink, LinkEmulator, LinkEnd, available, program
from lib.tables import show
from lib.traffic import ping

SEED = 42
HEADERS = 28            # IPv4 and UDP
RECEIVE_BUFFER = 64 << 20
TIMEOUT_S = 20


@dataclass
class Wire:
    """Numbered UDP packets over one direction of a link, and which of them arrive."""
    links: LinkEmulator
    link: EmulatedLink
    direction: str

    def __post_init__(self) -> None:
        ends = [self.link.left, self.link.right]
        source, target = ends if self.direction == "ab" else ends[::-1]
        self.source, self.sink = _socket(source), _socket(target)
        # Root may have a buffer that nothing overflows.
        self.sink.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER)     # SO_RCVBUFFORCE
        self.target = self.sink.getsockname()

    def counters(self) -> dict[str, Any]:
        return self.links.stats()[self.link.name][self.direction]

    def send(self, count: int, ip_size: int = 100) -> None:
        for number in range(count):
            payload = number.to_bytes(4, "big").ljust(ip_size - HEADERS, b"-")
            self.source.sendto(payload, self.target)

    def arrivals(self, count: int, ip_size: int = 100) -> list[int]:
        """Sends, waits until all have arrived or are lost, and reads what is there."""
        before = self.counters()["entered"]
        self.send(count, ip_size)

        def done() -> bool:
            now = self.counters()
            return now["entered"] - before == count and now["inside"] == 0

        process.wait_until(done, TIMEOUT_S, f"{count} packets have passed {self.link.name}")
        return self.received()

    def received(self) -> list[int]:
        numbers = []
        self.sink.setblocking(False)
        while True:
            try:
                numbers.append(int.from_bytes(self.sink.recv(65536)[:4], "big"))
            except BlockingIOError:
                return numbers

    def wait_until_counted(self, counter: str) -> int:
        """Sends a packet after the other until one more is counted so; the counter's increase."""
        before = self.counters()[counter]

        def counted() -> bool:
            self.send(1)
            return self.counters()[counter] > before

        process.wait_until(counted, TIMEOUT_S, f"a packet of {self.link.name} is {counter}")
        return self.counters()[counter] - before


def _socket(end: LinkEnd) -> socket.socket:
    with end.namespace.entered():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((end.v4, 0))
    return made


def accounted(counters: dict[str, Any]) -> bool:
    lost = sum(counters[key] for key in counters if key.startswith("lost_"))
    return counters["entered"] == counters["arrived"] + lost + counters["inside"]


# --- What is tested ---------------------------------------------------------------------------------

def in_order_without_loss(links: LinkEmulator, wire: Wire) -> str:
    for conditions in ({"delay": "0ms"},
                       {"rate": "20M", "queue": "64M", "delay": "30ms", "jitter": "20ms"},
                       {"distribution": "exponential"}):
        links.set(wire.link.name, **conditions)
        seen = wire.arrivals(3000, 200)
        assert seen == list(range(3000)), f"{conditions}: {len(seen)} packets, or out of order"
    counters = wire.counters()
    assert counters["entered_bytes"] == counters["arrived_bytes"] == 3 * 3000 * 200, counters
    return "9000 of 9000 in order"


def predicted_losses(_: LinkEmulator, wires: list[Wire]) -> str:
    text = []
    for wire in wires:
        dice = Dice(SEED, f"{wire.link.name}/{wire.direction}/loss")
        wanted = [number for number in range(2000) if dice.unit() >= 0.3]
        seen = wire.arrivals(2000)
        assert seen == wanted, f"{wire.direction}: others than predicted are lost"
        text.append(f"{2000 - len(seen)} {wire.direction}")
    return " and ".join(text) + " of 2000 lost, all as predicted"


def predicted_bursts(links: LinkEmulator, wire: Wire) -> str:
    links.set(wire.link.name, bursts="5%,25%")
    dice, bad, wanted = Dice(SEED, f"{wire.link.name}/ab/loss"), False, []
    for number in range(2000):
        if dice.unit() < (0.25 if bad else 0.05):
            bad = not bad
        if not bad:
            wanted.append(number)
    assert wire.arrivals(2000) == wanted, "others than predicted are lost"
    return f"{2000 - len(wanted)} of 2000 lost, all as predicted"


def queue_limit(links: LinkEmulator, wire: Wire) -> str:
    # A packet of 1000 bytes is on the line for 80 s: only one leaves the queue.
    links.set(wire.link.name, rate="100", queue="10000")
    before = wire.counters()
    wire.send(30, 1000)
    process.wait_until(lambda: wire.counters()["entered"] - before["entered"] == 30, TIMEOUT_S,
                       "30 packets have entered")
    counters = wire.counters()
    assert counters["lost_queue"] == 19 and counters["inside"] == 11, counters
    assert counters["queued_bytes"] == counters["queue_bytes_max"] == 10000, counters
    links.down(wire.link.name)
    counters = wire.counters()
    assert counters["lost_down"] == 11 and counters["inside"] == 0, counters
    return "1 on the line, 10 wait, 19 lost"


def carrier(wire: Wire) -> bool:
    shown = wire.link.left.namespace.show(f"link show {wire.link.name}")
    return "NO-CARRIER" not in shown


def cut_in_mid_transfer(links: LinkEmulator, wire: Wire) -> str:
    links.set(wire.link.name, delay="600s")
    wire.send(50)
    process.wait_until(lambda: wire.counters()["inside"] == 50, TIMEOUT_S, "50 are on their way")
    links.down(wire.link.name)
    counters = wire.counters()
    assert counters["lost_down"] == 50 and counters["inside"] == 0, counters
    process.wait_until(lambda: not carrier(wire), TIMEOUT_S, "the interface has no carrier")
    links.set(wire.link.name, delay="0ms")
    links.up(wire.link.name)
    process.wait_until(lambda: carrier(wire), TIMEOUT_S, "the interface has carrier")
    wire.wait_until_counted("arrived")
    return "50 on their way lost; no carrier; passes again"


def schedule(links: LinkEmulator, wire: Wire) -> str:
    name = wire.link.name
    links.at("100ms", f"set {name} ab blackhole on")
    wire.wait_until_counted("lost_down")
    assert carrier(wire), "a black hole shows"
    links.at("100ms", f"set {name} ab blackhole off")
    wire.wait_until_counted("arrived")
    links.at("1ms", f"down {name}")
    process.wait_until(lambda: not links.stats()[name]["up"], TIMEOUT_S, "the link is cut")
    links.at("1ms", f"up {name}")
    process.wait_until(lambda: links.stats()[name]["up"], TIMEOUT_S, "the link is mended")
    return "black hole begins and ends; cut and mended"


def sizes_and_copies(links: LinkEmulator, wire: Wire) -> str:
    links.set(wire.link.name, mtu=1400, duplicate="100%")
    assert wire.arrivals(1, 1400) == [0, 0]
    assert wire.arrivals(1, 1401) == []
    counters = wire.counters()
    assert counters["lost_mtu"] == 1 and counters["duplicated"] == 1, counters
    return "1400 bytes twice, 1401 never"


def routes(links: LinkEmulator) -> str:
    links.route_left()
    left = links.left
    first, *others = links.links.values()
    assert f"dev {first.name} " in left.show("route get 192.0.2.1")
    for link in others:
        source = link.left.v4
        assert f"dev {link.name} " in left.show(f"route get 192.0.2.1 from {source}")
    return f"default over {first.name}; {len(others)} others by source address"


def over_ipv6(links: LinkEmulator, wire: Wire) -> str:
    result = ping(links.left, wire.link.right.v6, count=3, interval_s=0.05)
    assert result.received == 3, result.text
    return "3 of 3 pings"


def refusals(links: LinkEmulator) -> str:
    lines = ["fly", "set nolink loss 1%", "set plain loss 2", "set plain", "link plain x/y x/z",
             "link new nowhere/x nowhere/y", "at noon quit", "at 1s", "down"]
    for line in lines:
        try:
            links.command(line)
        except AssertionError:
            continue
        raise AssertionError(f"not refused: {line}")
    return f"{len(lines)} bad commands"


def test(lab: Lab) -> None:
    if not available():
        raise Skip(f"there is no {program()}")
    left, right = lab.namespace("lef"), lab.namespace("rig")
    for namespace in (left, right):
        # The kernel's own packets would shift what is lost.
        namespace.sysctl({"net.ipv6.conf.default.disable_ipv6": "1"})
    links = LinkEmulator(left, right, lab.directory, SEED)
    wires: dict[str, Wire] = {}

    def wire(name: str, direction: str = "ab", **conditions: object) -> Wire:
        link = links.links.get(name) or links.add(name, **conditions)
        wires[f"{name} {direction}"] = made = Wire(links, link, direction)
        return made

    rows = [
        ["order", in_order_without_loss(links, wire("plain"))],
        ["loss", predicted_losses(links, [wire("lossy", loss="30%"), wire("lossy", "ba")])],
        ["bursts", predicted_bursts(links, wire("bursty"))],
        ["queue", queue_limit(links, wire("narrow"))],
        ["cut", cut_in_mid_transfer(links, wire("cut"))],
        ["schedule", schedule(links, wire("timed"))],
        ["sizes", sizes_and_copies(links, wire("small"))],
        ["routes", routes(links)],
    ]
    for namespace in (left, right):
        namespace.sysctl({"net.ipv6.conf.default.disable_ipv6": "0"})
    rows += [["IPv6", over_ipv6(links, wire("six"))], ["refused", refusals(links)]]
    for name, one in wires.items():
        counters = one.counters()
        assert accounted(counters) and counters["missed"] == 0, f"{name}: {counters}"
    links.stop()
    assert "plain" not in left.show("link show"), "the interfaces have outlived the emulator"
    show("the link emulator", ["", "seen"], rows)


if __name__ == "__main__":
    sys.exit(run_test(test))
