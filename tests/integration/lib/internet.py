# SPDX-License-Identifier: Apache-2.0
"""An underlay on which every host has a subnet of its own, as strangers on the Internet have: DHT
nodes take few contacts of one /24."""

from __future__ import annotations

from .namespaces import Namespace
from .underlay import Attachment, Switch


class Internet(Switch):
    """198.18.<number>.1 and 2001:db8:<number>::1, all of them neighbours. `number` is 1 … 255."""

    def __init__(self, namespace: Namespace, index: int = 0) -> None:
        super().__init__(namespace, index)
        self._last = 0

    def take_number(self) -> int:
        """One that no host has yet."""
        self._last += 1
        return self._last

    def address4(self, number: int) -> str:
        return f"198.18.{number}.1"

    def address6(self, number: int) -> str:
        return f"2001:db8:{number:x}::1"

    def attach(self, host: Namespace, number: int, interface: str = "eth0") -> Attachment:
        at = super().attach(host, number, interface)
        host.ip(f"addr del {at.v4}/24 dev {interface}", f"addr del {at.v6}/64 dev {interface}",
                f"addr add {at.v4}/15 dev {interface}",
                f"addr add {at.v6}/32 dev {interface} nodad")
        return at
