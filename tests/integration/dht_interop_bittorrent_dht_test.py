#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""Our DHT and the npm package bittorrent-dht in one swarm: items, mutable ones, and peers go both
ways, and both refuse what they should. (It has no IPv6.)"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from lib import dht_exchange as exchange
from lib import npm_packages
from lib.dht_exchange import Item
from lib.dht_node import SCRIPTS, Command, Swarm
from lib.internet import Internet
from lib.lab import Lab, Skip, run_test


def packages() -> Path:
    if shutil.which("node") is None:
        raise Skip("there is no node (tools/setup installs it)")
    folder = npm_packages.folder_of("bittorrent-dht")
    if folder is None:
        raise Skip("there is no npm package bittorrent-dht (tools/setup installs it)")
    return folder


def bittorrent_dht(folder: Path) -> Command:
    def command(listen: str, bootstrap: str | None) -> list[str]:
        start = [f"bootstrap={bootstrap}"] if bootstrap else []
        return ["node", str(SCRIPTS / "bittorrent_dht_node.mjs"), str(folder), listen, *start]
    return command


def refusals_cross(nodes: exchange.Mixed) -> None:
    """What we refuse of theirs, with the codes of BEP 44."""
    item = Item(b"genuine", exchange.new_key_pair(), "refused", seq=5)
    exchange.store(nodes.their, item)
    old = exchange.put(nodes.their, Item(b"old", item.key_pair, item.salt, seq=4))
    assert old["stored"] == 0 and old["error"] == 302, f"an old number was taken: {old}"
    other = exchange.put(nodes.their, Item(b"other", item.key_pair, item.salt, seq=6), 3)
    assert other["stored"] == 0 and other["error"] == 301, f"a wrong cas was taken: {other}"
    forged = nodes.their.ask("put_forged", item.key_pair, 7, exchange.hex_of(item.salt),
                             b"forged".hex())
    assert forged["stored"] == 0, f"a forged signature was taken: {forged}"
    exchange.expect([nodes.our, nodes.boot], item)


def test(lab: Lab) -> None:
    folder = packages()
    internet = Internet(lab.namespace("net0"))
    theirs = bittorrent_dht(folder)
    with Swarm(lab, internet) as swarm:
        nodes = exchange.mixed_swarm(swarm, theirs)
        count = exchange.items_cross(nodes)
        exchange.news_replaces(nodes)
        refusals_cross(nodes)
        exchange.announcements_cross(nodes)
    with Swarm(lab, internet) as swarm:
        exchange.they_store_for_us(swarm, theirs)
        exchange.we_store_for_them(swarm, theirs)
    version = json.loads((folder / "bittorrent-dht/package.json").read_text())["version"]
    print(f"with bittorrent-dht {version}: {count} items both ways")


if __name__ == "__main__":
    sys.exit(run_test(test))
