#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""The examples of config/ with several uplinks: two daemons run each pair, on interfaces of the names
that the files use. Only keys and names of the DNS are replaced."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from lib import process
from lib.host import REPOSITORY, Host
from lib.lab import Lab, run_test
from lib.linkemu import LinkEmulator, available
from lib.namespaces import Namespace
from lib.tables import show
from lib.traffic import ping

CONNECTED_SECONDS_MAX = 20


@dataclass
class Site:
    """One end: what runs the file, on which interfaces. `owns`: addresses that the examples name, by
    interface."""
    file: str
    placeholder: str        # of its key, in the other one's file
    interfaces: list[str]
    inside: str             # an address that the other one reaches through the overlay
    names: dict[str, str] = field(default_factory=dict)    # of the DNS → interface
    owns: dict[str, str] = field(default_factory=dict)
    host: Host = field(init=False)
    addresses: dict[str, str] = field(init=False, default_factory=dict)

    def text(self, other: "Site") -> str:
        found = (REPOSITORY / "config" / self.file).read_text()
        found = found.replace(other.placeholder, other.host.id)
        for name, interface in other.names.items():
            found = found.replace(name, other.addresses[interface])
        return found


def connect(lab: Lab, internet: Namespace, links: LinkEmulator, site: Site, number: int) -> None:
    """Each interface leads to the Internet, with a default route."""
    site.host = lab.host(site.file.removesuffix(".toml").rsplit("-", 1)[-1], number)
    for metric, name in enumerate(site.interfaces, 100):
        link = links.add(name, left=site.host.namespace, right=internet, rate="50M", delay="5ms")
        site.addresses[name] = link.left.v4
        site.host.namespace.ip(f"route add default via {link.right.v4} dev {name} metric {metric}",
                               f"route add ::/0 via {link.right.v6} dev {name} metric {metric}")
        if name in site.owns:
            own = site.owns[name]
            length, via = (128, link.left.v6) if ":" in own else (32, link.left.v4)
            site.host.namespace.ip(f"addr add {own}/{length} dev {name}")
            internet.ip(f"route add {own}/{length} via {via} dev {name}")


def run(lab: Lab, label: str, dialled: Site, dialler: Site, paths: int) -> None:
    """Until there are so many paths."""
    internet = lab.namespace(label)
    internet.sysctl({"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"})
    links = LinkEmulator(internet, internet, lab.directory)
    for number, site in enumerate((dialled, dialler), 1):
        connect(lab, internet, links, site, number)
    dialled.host.config_text, dialler.host.config_text = dialled.text(dialler), dialler.text(dialled)
    for site in (dialled, dialler):
        if not site.inside.startswith("100.64."):   # else the daemon brings it
            site.host.namespace.ip(f"addr add {site.inside}/32 dev lo")
        site.host.start()
    for site in (dialled, dialler):
        process.wait_until(lambda: active_paths(site.host) == paths, CONNECTED_SECONDS_MAX,
                           f"{site.file}: {paths} paths are active")
    echoes = ping(dialler.host.namespace, dialled.inside, extra=("-I", dialler.inside))
    assert echoes.lost == 0, f"{dialler.file}: {echoes.text}"


def active_paths(host: Host) -> int:
    return sum(path["state"] == "active"
               for peer in host.ask("multipath")["peers"] for path in peer["paths"])


def rows(site: Site) -> list[list[object]]:
    return [[site.file, path["interface"], path["state"], path["reason"] or "used"]
            for path in site.host.ask("multipath")["peers"][0]["paths"]]


def used(site: Site) -> set[str]:
    peer = site.host.ask("multipath")["peers"][0]
    return {path["interface"] for path in peer["paths"] if path["used"]}


def multi_isp(lab: Lab) -> list[list[object]]:
    """Four uplinks to a gateway with one; the metered one is in reserve at either end."""
    gateway = Site("multi-isp-gateway.toml", "1" * 64, ["wan0"], "100.64.0.1",
                   {"gateway.example.net": "wan0"})
    desktop = Site("multi-isp-desktop.toml", "2" * 64, ["eth0", "eth1", "wwan0", "wwan1"],
                   "100.64.0.2")
    run(lab, "exchange", gateway, desktop, 4)
    assert used(desktop) == {"eth0", "eth1", "wwan0"}, rows(desktop)
    there = gateway.host.ask("multipath")["peers"][0]
    assert sum(path["used"] for path in there["paths"]) == 3, rows(gateway)
    assert {path["interface"] for path in there["paths"]} == {"wan0"}, rows(gateway)
    uplinks = {one["interface"]: one["weight"] for one in desktop.host.ask("multipath")["uplinks"]}
    assert uplinks["eth0"] == 10 and uplinks["wwan0"] == 2, uplinks
    # "Everything goes through the gateway": what is nobody's address, too.
    route = desktop.host.namespace.show("route get 192.0.2.1")
    assert "quicether0" in route, route
    return rows(desktop) + rows(gateway)


def site_to_site(lab: Lab) -> list[list[object]]:
    """Both have two; one of them wants to use its second one only when the first one fails."""
    hq = Site("site-to-site-hq.toml", "1" * 64, ["eth1", "eth2"], "10.0.0.1",
              {"hq.example.com": "eth2"}, {"eth1": "2001:db8::10"})
    branch = Site("site-to-site-branch.toml", "2" * 64, ["ppp0", "wwan0"], "10.1.0.1",
                  {"branch.example.com": "ppp0"}, {"ppp0": "203.0.113.20"})
    run(lab, "carrier", hq, branch, 2)
    assert used(branch) == {"ppp0"}, rows(branch)
    process.wait_until(lambda: len(used(hq)) == 1, 10, "headquarters respects it")
    return rows(branch) + rows(hq)


def test(lab: Lab) -> None:
    assert available(), "the link emulator is missing; run tools/build first"
    show("examples", ["file", "interface", "path", "use"], multi_isp(lab) + site_to_site(lab))


if __name__ == "__main__":
    sys.exit(run_test(test))
