#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""Our DHT and libtorrent's in one swarm: items, mutable ones, and peers go both ways, on IPv4 and on
IPv6, and libtorrent takes our ids for what BEP 42 wants."""

from __future__ import annotations

import subprocess
import sys
import time

from lib import dht_exchange as exchange
from lib.dht_node import SCRIPTS, Command, Swarm
from lib.internet import Internet
from lib.lab import Lab, Skip, run_test
from lib.tables import milliseconds, show

# Not what stands first in PATH, but the one that Debian's packages are for.
PYTHON = "/usr/bin/python3"


def libtorrent(*words: str) -> Command:
    def command(listen: str, bootstrap: str | None) -> list[str]:
        start = [f"bootstrap={bootstrap}"] if bootstrap else []
        return [PYTHON, str(SCRIPTS / "libtorrent_node.py"), listen, *start, *words]
    return command


def version() -> str:
    done = subprocess.run([PYTHON, "-c", "import libtorrent; print(libtorrent.version)"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip("there is no python3-libtorrent (tools/setup installs it)")
    return done.stdout.strip()


def test(lab: Lab) -> None:
    title = f"with libtorrent {version()}"
    internet = Internet(lab.namespace("net0"))
    rows: list[list[object]] = []
    for family in (4, 6):
        begin = time.monotonic()
        with Swarm(lab, internet, family) as swarm:
            nodes = exchange.mixed_swarm(swarm, libtorrent())
            count = exchange.items_cross(nodes)
            exchange.news_replaces(nodes)
            exchange.announcements_cross(nodes)
        with Swarm(lab, internet, family) as swarm:
            exchange.they_store_for_us(swarm, libtorrent())
            exchange.we_store_for_them(swarm, libtorrent(), libtorrent("dht_read_only=true"))
        rows.append([f"IPv{family}", count, milliseconds(time.monotonic() - begin)])
    show(title, ["over", "items both ways", "took"], rows)


if __name__ == "__main__":
    sys.exit(run_test(test))
