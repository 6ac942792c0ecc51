# SPDX-License-Identifier: Apache-2.0
"""Links with a rate, delay and loss between two hosts: the emulator of bench/linkemu.

    links = LinkEmulator(phone, server, lab.directory)
    wifi = links.add("wifi", rate="50M", delay="5ms")
    lte = links.add("lte", rate="20M", delay="40ms", jitter="5ms", queue="200ms")
    links.route_left()                 # default routes, wifi preferred
    links.set("wifi", "ab", loss="30%")
    links.down("wifi")
    links.stop()

Every link has its own interface and subnet at both ends. Keywords are the emulator's conditions
(docs/linkemu.md).
"""

from __future__ import annotations

import itertools
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import process
from .namespaces import Namespace

REPOSITORY = Path(__file__).resolve().parents[3]
_FIRST_TABLE = 100
_NUMBER = itertools.count()     # of links, so that those of all emulators have subnets of their own
_SERIAL = itertools.count()     # of emulators
_MASK = (1 << 64) - 1


def program() -> Path:
    return Path(os.environ.get("QUICETHER_LINKEMU", REPOSITORY / "build/release/linkemu"))


@dataclass
class LinkEnd:
    """Where a link comes out."""
    namespace: Namespace
    interface: str
    v4: str
    v6: str


@dataclass
class EmulatedLink:
    """`left` is where direction "ab" begins. The subnets are 198.19.<number>.0/30 and
    2001:db8:e<number>::/64."""
    name: str
    number: int
    left: LinkEnd
    right: LinkEnd


class LinkEmulator:
    """A running emulator. It ends with stop(), or with the test."""

    def __init__(self, left: Namespace, right: Namespace, directory: Path, seed: int = 1) -> None:
        self.left, self.right = left, right
        self.links: dict[str, EmulatedLink] = {}
        label = f"linkemu-{left.label}-{right.label}-{next(_SERIAL)}"
        control = directory / f"{label}.sock"
        self.log = directory / f"{label}.log"
        self._process = process.spawn(
            [str(program()), "--control", str(control), "--seed", str(seed)], self.log)
        process.wait_until(self._ready, 10, f"{label} is ready")
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(10)
        self._connection.connect(str(control))
        self._answers = self._connection.makefile("r")
        # The way back may be another one: several links lead to the same host.
        for namespace in (left, right):
            namespace.sysctl({"net.ipv4.conf.all.rp_filter": "0",
                              "net.ipv4.conf.default.rp_filter": "0"})

    def _ready(self) -> bool:
        text = self.log.read_text()
        if self._process.poll() is not None:
            raise AssertionError(f"the link emulator ended: {text}")
        return "ready\n" in text

    @property
    def pid(self) -> int:
        return self._process.pid

    def command(self, line: str) -> str:
        """Any command of the emulator; one that it refuses fails the test."""
        self._connection.sendall(line.encode() + b"\n")
        answer = self._answers.readline().rstrip("\n")
        assert answer and not answer.startswith("error"), f"{line}: {answer or 'no answer'}"
        return answer

    def add(self, name: str, *, left: Namespace | None = None, right: Namespace | None = None,
            interface_mtu: int = 1500, **conditions: object) -> EmulatedLink:
        """A link whose interface is called `name` at both ends, in both directions alike. Other
        namespaces than the emulator's may be named, but not the same one at both ends."""
        number = next(_NUMBER)
        ends = [LinkEnd(namespace, name, f"198.19.{number}.{host}", f"2001:db8:e{number:x}::{host}")
                for host, namespace in enumerate((left or self.left, right or self.right), 1)]
        places = " ".join(f"{end.namespace.name}/{name}" for end in ends)
        self.command(f"link {name} {places} interface-mtu {interface_mtu} {_words(conditions)}")
        for end in ends:
            end.namespace.ip(f"addr add {end.v4}/30 dev {name}")
            if _has_v6(end):
                end.namespace.ip(f"addr add {end.v6}/64 dev {name} nodad")
        self.links[name] = EmulatedLink(name, number, ends[0], ends[1])
        return self.links[name]

    def set(self, link: str, direction: str = "", **conditions: object) -> None:
        """`direction` is "ab" (from the left), "ba", or both of them; `link` "*" means all."""
        self.command(f"set {link} {direction} {_words(conditions)}")

    def down(self, link: str) -> None:
        """Cuts the link: what is inside is lost, and the interfaces lose their carrier."""
        self.command(f"down {link}")

    def up(self, link: str) -> None:
        self.command(f"up {link}")

    def at(self, time: str, command: str) -> None:
        """Puts off a command, for instance at("5s", "set wifi loss 30%")."""
        self.command(f"at {time} {command}")

    def stats(self) -> dict[str, dict[str, Any]]:
        """By link; in each "up", and the counters of "ab" and "ba"."""
        return {one["name"]: one for one in json.loads(self.command("stats"))["links"]}

    def route_left(self, policy: bool = True) -> None:
        """The left host is multi-homed: a default route through each link, the first one
        preferred, and, by policy, what has a link's address leaves through that link."""
        for link in self.links.values():
            self._route(link.left, link.right, _FIRST_TABLE + link.number, policy)

    @staticmethod
    def _route(end: LinkEnd, other: LinkEnd, table: int, policy: bool) -> None:
        lines = []
        for family, address, via in (("-4", end.v4, other.v4), ("-6", end.v6, other.v6)):
            if family == "-6" and not _has_v6(end):
                continue
            to = "0.0.0.0/0" if family == "-4" else "::/0"
            lines.append(f"route add {to} via {via} dev {end.interface} metric {table}")
            if not policy:
                continue
            lines.append(f"route add {to} via {via} dev {end.interface} table {table}")
            end.namespace.run(["ip", family, "rule", "add", "from", address, "lookup", str(table)])
        end.namespace.ip(*lines)

    def stop(self) -> None:
        """Its interfaces go with it."""
        self._connection.close()
        if process.end(self._process) != 0:
            raise AssertionError(f"the link emulator failed: {self.log.read_text()}")


def _words(conditions: dict[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in conditions.items())


def _has_v6(end: LinkEnd) -> bool:
    return end.namespace.run(
        ["cat", f"/proc/sys/net/ipv6/conf/{end.interface}/disable_ipv6"]).strip() == "0"


def available() -> bool:
    """Whether the emulator has been built."""
    return program().exists()


class Dice:
    """The emulator's randomness (bench/linkemu/dice.h), to predict what it loses."""

    def __init__(self, seed: int, label: str) -> None:
        value = 0xCBF29CE484222325
        for byte in label.encode():
            value = ((value ^ byte) * 0x100000001B3) & _MASK
        self._state = (seed ^ value) & _MASK

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) / (1 << 53)


__all__ = ["Dice", "EmulatedLink", "LinkEmulator", "LinkEnd", "available", "program"]
