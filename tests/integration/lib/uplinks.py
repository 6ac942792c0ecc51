# SPDX-License-Identifier: Apache-2.0
"""Two hosts that several emulated links join: what a session over several uplinks needs.

    site = TwoSites(lab, [Uplink("fibre", 100, 10), Uplink("lte", 25, 60, loss="0.5%")])
    site.start(scheduler="adaptive")
    ...
    site.links.down("fibre")
    site.stop()

`left` knows one address of `right`, on the first link, and dials; all others they tell each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from . import process
from .host import Host
from .lab import Lab
from .linkemu import LinkEmulator
from .underlay import PORT

CONNECTED_SECONDS_MAX = 15


@dataclass(frozen=True)
class Uplink:
    """One link: Mbit/s, round trip in ms without queues, and what else the emulator is told."""
    name: str
    rate: float
    rtt: float
    loss: str = "0"
    queue: str = "50ms"

    def conditions(self) -> dict[str, object]:
        return {"rate": f"{self.rate:g}M", "delay": f"{self.rtt / 2:g}ms", "loss": self.loss,
                "queue": self.queue}

    def __str__(self) -> str:
        loss = "" if self.loss == "0" else f" {self.loss} loss"
        return f"{self.rate:g} Mbit/s {self.rtt:g} ms{loss}"


class TwoSites:
    """The links exist at once; daemons come with start()."""

    def __init__(self, lab: Lab, uplinks: Sequence[Uplink]) -> None:
        self.left: Host = lab.host("left", 1)
        self.right: Host = lab.host("right", 2)
        self.uplinks = list(uplinks)
        self.links = LinkEmulator(self.left.namespace, self.right.namespace, lab.directory)
        for uplink in uplinks:
            self.links.add(uplink.name, **uplink.conditions())

    def route_all(self) -> None:
        """As on the Internet: each address of either end can be reached over each link."""
        for metric, link in enumerate(self.links.links.values(), 100):
            for end, other in ((link.left, link.right), (link.right, link.left)):
                end.namespace.ip(
                    f"route add default via {other.v4} dev {end.interface} metric {metric}",
                    f"route add ::/0 via {other.v6} dev {end.interface} metric {metric}")

    def configure(self, names: Sequence[str] | None = None, **multipath: Any) -> None:
        """`names`: the uplinks to use, in order of preference; all of them without. Other words
        are keys of [multipath]."""
        names = list(names or [uplink.name for uplink in self.uplinks])
        first = self.links.links[names[0]]
        for host, other, endpoints in ((self.left, self.right, [f"{first.right.v4}:{PORT}"]),
                                       (self.right, self.left, [])):
            host.tables["multipath"] = {"enabled": True, "interfaces": names, **multipath}
            host.tables["discovery"] = {"dht": False, "lan": False}
            host.peers = [other.entry(endpoints)]

    def start(self, names: Sequence[str] | None = None, paths: int | None = None,
              **multipath: Any) -> None:
        """Until `paths` paths, one for each uplink without, are up."""
        self.configure(names, **multipath)
        self.launch(paths or len(names or self.uplinks))

    def launch(self, paths: int) -> None:
        """start(), of what was configured before."""
        self.right.start()
        self.left.start()
        for host in (self.left, self.right):
            process.wait_until(lambda: self.live_paths(host) == paths, CONNECTED_SECONDS_MAX,
                               f"{host.name} has {paths} paths")

    def live_paths(self, host: Host) -> int:
        return sum(path["state"] == "active" for path in self.paths(host))

    def report(self, host: Host) -> dict[str, Any]:
        """What a host says of its session with the other one; empty without."""
        other = self.right if host is self.left else self.left
        for peer in host.ask("multipath")["peers"]:
            if peer["node_id"] == other.id:
                return peer
        return {}

    def paths(self, host: Host) -> list[dict[str, Any]]:
        return self.report(host).get("paths", [])

    def path(self, host: Host, uplink: str) -> dict[str, Any]:
        """The one over this uplink; the one in the best state while it is being replaced."""
        order = ("active", "degraded", "probing", "failed")
        found = [path for path in self.paths(host) if path["interface"] == uplink]
        assert found, f"{host.name} has no path over {uplink}"
        return min(found, key=lambda path: order.index(path["state"]))

    def wait_state(self, uplink: str, *states: str, host: Host | None = None) -> None:
        """Until the path is in one of these states, at both ends or at one."""
        for end in (host,) if host else (self.left, self.right):
            process.wait_until(
                lambda: any(path["interface"] == uplink and path["state"] in states
                            for path in self.paths(end)),
                20, f"{end.name} has a path over {uplink} that is {' or '.join(states)}")

    def sessions(self) -> tuple[str, str]:
        """Their identifiers at both ends: other ones after the session was lost."""
        return (self.left.peer(self.right)["session_id"], self.right.peer(self.left)["session_id"])

    def carried(self, uplink: str) -> int:
        """Bytes that came out of the link at the right so far, with all headers but Ethernet's."""
        return int(self.links.stats()[uplink]["ab"]["arrived_bytes"])

    def stop(self) -> None:
        """The daemons; the links stay."""
        for host in (self.left, self.right):
            host.stop()
