# SPDX-License-Identifier: Apache-2.0
"""Underlays: the "Internet" between hosts, made of veth pairs, bridges and routers.

Addresses come from the documentation and benchmark ranges, which no overlay uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .namespaces import Namespace

PORT = 9000


@dataclass
class Attachment:
    """Where a host hangs on an underlay."""
    namespace: Namespace
    interface: str      # inside the host
    port: str           # inside the underlay's namespace; tcpdump listens here
    v4: str
    v6: str
    mac: str = field(default="")

    def endpoints(self) -> list[str]:
        return [self.endpoint4(), self.endpoint6()]

    def endpoint4(self) -> str:
        return f"{self.v4}:{PORT}"

    def endpoint6(self) -> str:
        return f"[{self.v6}]:{PORT}"


def _veth(inside: Namespace, interface: str, outside: Namespace, port: str,
          mtu: int = 1500) -> None:
    inside.ip(f"link add {interface} mtu {mtu} type veth peer name {port} mtu {mtu} "
              f"netns {outside.name}", f"link set {interface} up")
    outside.ip(f"link set {port} up")


class Switch:
    """A bridge: every attached host is a neighbour of every other, on IPv4 and IPv6.

    `index` tells several switches of one test apart: 198.51.<100+index>.0/24 and
    2001:db8:<1+index>::/64; the last part of a host's addresses is its number.
    """

    def __init__(self, namespace: Namespace, index: int = 0) -> None:
        self.namespace = namespace
        self.index = index
        namespace.ip("link add br0 type bridge", "link set br0 up")

    def address4(self, number: int) -> str:
        return f"198.51.{100 + self.index}.{number}"

    def address6(self, number: int) -> str:
        return f"2001:db8:{self.index + 1:x}::{number:x}"

    def attach(self, host: Namespace, number: int, interface: str = "eth0") -> Attachment:
        port = f"p{number}-{host.label}"[:15]
        _veth(host, interface, self.namespace, port)
        self.namespace.ip(f"link set {port} master br0")
        at = Attachment(host, interface, port, self.address4(number), self.address6(number))
        host.ip(f"addr add {at.v4}/24 dev {interface}",
                f"addr add {at.v6}/64 dev {interface} nodad")
        return at

    def renumber(self, at: Attachment, number: int) -> None:
        """The host's addresses change as after a new DHCP lease: the old ones go first."""
        old4, old6 = at.v4, at.v6
        at.v4, at.v6 = self.address4(number), self.address6(number)
        at.namespace.ip(f"addr del {old4}/24 dev {at.interface}",
                        f"addr del {old6}/64 dev {at.interface}",
                        f"addr add {at.v4}/24 dev {at.interface}",
                        f"addr add {at.v6}/64 dev {at.interface} nodad")


# Neighbour discovery is ICMPv6 too and must live; everything that could tell about the MTU dies.
_SILENCE = """
table inet silence {
  chain all_hooks_%(hook)s {
    type filter hook %(hook)s priority 0;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    meta l4proto { icmp, ipv6-icmp } counter drop
  }
}
"""


class BlackHole:
    """host — router — narrow link — router — host; no ICMP comes out of the routers.

    The hosts' own links keep 1500 bytes, so that nothing but lost packets tells the path's MTU.
    """

    def __init__(self, west: Namespace, east: Namespace) -> None:
        self.routers = (west, east)
        _veth(west, "middle", east, "middle")
        for side, router in enumerate(self.routers):
            router.sysctl({"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"})
            other = 1 - side
            router.ip(f"addr add 198.18.0.{side + 1}/30 dev middle",
                      f"addr add 2001:db8:f0::{side + 1}/64 dev middle nodad",
                      f"route add 198.18.{other + 1}.0/24 via 198.18.0.{other + 1}",
                      f"route add 2001:db8:f{other + 1}::/64 via 2001:db8:f0::{other + 1}")
            for hook in ("input", "forward", "output"):
                router.nft(_SILENCE % {"hook": hook})

    def attach(self, host: Namespace, side: int) -> Attachment:
        """`side` 0 is west, 1 is east; one host each."""
        router = self.routers[side]
        _veth(host, "eth0", router, "edge")
        subnet4, subnet6 = f"198.18.{side + 1}", f"2001:db8:f{side + 1}:"
        router.ip(f"addr add {subnet4}.1/24 dev edge", f"addr add {subnet6}:1/64 dev edge nodad")
        at = Attachment(host, "eth0", "edge", f"{subnet4}.2", f"{subnet6}:2")
        host.ip(f"addr add {at.v4}/24 dev eth0", f"addr add {at.v6}/64 dev eth0 nodad",
                f"route add default via {subnet4}.1", f"route add ::/0 via {subnet6}:1")
        return at

    def set_mtu(self, mtu: int) -> None:
        for router in self.routers:
            router.ip(f"link set middle mtu {mtu}")
