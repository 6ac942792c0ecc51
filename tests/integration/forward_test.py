#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""ann — gate — cat: two hosts without a common underlay meet through a gateway.

Behind cat lies a real subnet with a machine that knows nothing of the overlay. What a peer claims
without being configured for it is refused.
"""

from __future__ import annotations

import os
import re
import sys

from lib import process
from lib.host import Host
from lib.lab import Lab, run_test
from lib.namespaces import Namespace
from lib.tables import show
from lib.traffic import ping, tcp_transfer

LAN4, LAN6 = "10.60.0.0/24", "fd60::/64"
MACHINE4, MACHINE6 = "10.60.0.2", "fd60::2"
STOLEN = "172.20.0.0/24"
BULK_BYTES = 64 << 20


def own(host: Host) -> list[str]:
    return [f"{host.v4}/32", f"{host.v6}/128"]


def build(lab: Lab) -> tuple[Host, Host, Host, Namespace]:
    """ann and gate share one switch, gate and cat another."""
    west, east = lab.switch(0), lab.switch(1)
    ann, gate, cat = lab.host("ann", 1), lab.host("gate", 2), lab.host("cat", 3)
    ann.at = west.attach(ann.namespace, 1)
    gate_west = west.attach(gate.namespace, 2)
    gate_east = east.attach(gate.namespace, 2, "eth1")
    cat.at = east.attach(cat.namespace, 3)

    gate.tables["node"]["role"] = "gateway"
    cat.tables["network"]["advertise_subnets"] = [LAN4, LAN6]
    ann.tables["network"]["advertise_subnets"] = [STOLEN]
    ann.peers = [gate.entry(gate_west.endpoints(), own(gate) + own(cat) + [LAN4, LAN6])]
    cat.peers = [gate.entry(gate_east.endpoints(), own(gate) + own(ann))]
    gate.peers = [ann.entry(subnets=own(ann)), cat.entry(subnets=[*own(cat), LAN4, LAN6])]
    return ann, gate, cat, machine_behind(lab, cat)


def machine_behind(lab: Lab, cat: Host) -> Namespace:
    """A machine in cat's LAN; cat routes for it, as a home gateway would."""
    machine = lab.namespace("machine")
    cat.namespace.ip(f"link add lan0 type veth peer name eth0 netns {machine.name}",
                     "link set lan0 up", "addr add 10.60.0.1/24 dev lan0",
                     "addr add fd60::1/64 dev lan0 nodad")
    machine.ip("link set eth0 up", f"addr add {MACHINE4}/24 dev eth0",
               f"addr add {MACHINE6}/64 dev eth0 nodad", "route add default via 10.60.0.1",
               "route add ::/0 via fd60::1")
    cat.namespace.sysctl({"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"})
    return machine


def start(*hosts: Host) -> None:
    for host in hosts:
        host.launch()
    for host in hosts:
        host.wait_ready()
    process.wait_until(lambda: {"ann", "cat"} <= hosts[1].connected_names(), 10,
                       "the gateway has both peers")


def reachability(ann: Host, cat: Host) -> None:
    targets = [("cat, v4", cat.v4), ("cat, v6", cat.v6), ("machine behind cat, v4", MACHINE4),
               ("machine behind cat, v6", MACHINE6)]
    results = [(what, address, ping(ann.namespace, address)) for what, address in targets]
    back = ping(cat.namespace, ann.v4)
    show("ann reaches through the gateway", ["target", "address", "echoes"],
         [[what, address, f"{r.received}/{r.sent}"] for what, address, r in results] +
         [["back: cat → ann", ann.v4, f"{back.received}/{back.sent}"]])
    assert all(r.received == r.sent for _, _, r in results), "something is out of reach"
    assert back.received == back.sent


def bulk(ann: Host, cat: Host) -> None:
    """More than any buffer of the gateway holds: it must free what it has passed on."""
    transfer = tcp_transfer(ann.namespace, cat.namespace, cat.v4, os.urandom(BULK_BYTES))
    show("bulk through the gateway", ["bytes", "arrived", "Mbit/s"],
         [[BULK_BYTES, "intact" if transfer.intact else "BROKEN",
           f"{transfer.megabits_per_second:.0f}"]])
    assert transfer.intact


def hop_answers(ann: Host, address: str) -> dict[int, str]:
    """Who answers to each hop limit, as traceroute finds out."""
    answers = {}
    for limit in range(1, 5):
        text = ping(ann.namespace, address, count=1, extra=("-t", str(limit))).text
        exceeded = re.search(r"From ([0-9a-f.:]+):? .*(?:exceeded|Hop limit)", text, re.I)
        reached = re.search(r"bytes from ([0-9a-f.:]+):? icmp_seq", text)
        answers[limit] = exceeded[1].rstrip(":") if exceeded else \
            f"{reached[1].rstrip(':')} (reached)" if reached else "nobody"
        if reached:
            break
    return answers


def hop_limits(ann: Host, gate: Host, cat: Host) -> None:
    rows = []
    for target, gateway in ((cat.v4, gate.v4), (cat.v6, gate.v6)):
        answers = hop_answers(ann, target)
        rows += [[target, limit, answer] for limit, answer in answers.items()]
        assert answers[1] == gateway, f"hop limit 1 to {target}: {answers[1]} answers"
        assert answers[2] == f"{target} (reached)", answers
    show("hop limits", ["target", "hop limit", "who answers"], rows)


def unentitled_claim(ann: Host, gate: Host, cat: Host) -> None:
    """ann advertises a subnet that gate's configuration does not give it."""
    counters = gate.counters()
    lines = [record["message"] for record in gate.log_records() if STOLEN in record["message"]]
    routes = [route for route in gate.cli_json("routes")["routes"]
              if route["destination"] == STOLEN and route["via"] != "local"]
    # Packets from the stolen subnet must not pass either: ann sends one with such a source.
    ann.namespace.ip("addr add 172.20.0.1/32 dev lo")
    spoofed = ping(ann.namespace, cat.v4, count=3, extra=("-I", "172.20.0.1"))
    dropped = gate.counters()["source_refused"] - counters["source_refused"]
    show(f"ann claims {STOLEN}", ["what", "observed"], [
        ["claims_refused at gate", counters["claims_refused"]],
        ["routes of it at gate", routes or "none"],
        ["log lines", len(lines)], ["first line", lines[0] if lines else ""],
        ["echoes from the stolen source answered", f"{spoofed.received}/{spoofed.sent}"],
        ["source_refused at gate", f"+{dropped}"]])
    assert counters["claims_refused"] >= 1 and not routes and len(lines) == 1
    assert spoofed.received == 0 and dropped >= 3


def show_routes(*hosts: Host) -> None:
    show("routes", ["host", "destination", "via", "next hop", "origin", "active"],
         [[host.name, route["destination"], route["via"], route["next_hop_name"],
           route["origin"], route["active"]]
          for host in hosts for route in host.cli_json("routes")["routes"]])


def test(lab: Lab) -> None:
    ann, gate, cat, _ = build(lab)
    start(ann, gate, cat)
    show_routes(ann, gate, cat)
    reachability(ann, cat)
    bulk(ann, cat)
    hop_limits(ann, gate, cat)
    unentitled_claim(ann, gate, cat)


if __name__ == "__main__":
    sys.exit(run_test(test))
