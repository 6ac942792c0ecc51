#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""Our DHT and aria2's (BEP 5, BEP 32): one aria2 downloads a file from another of which it knows
nothing but the info-hash, by way of one node of ours; and announcements of ours lie on aria2's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from lib import dht_exchange as exchange
from lib import process
from lib.dht_node import PORT, DhtNode, Swarm, ours
from lib.internet import Internet
from lib.lab import Lab, Skip, run_test
from lib.tables import milliseconds, show

PEER_PORT = 6999
DOWNLOAD_SECONDS_MAX = 60.0
FILE_BYTES = 100_000
PIECE_BYTES = 32_768


class Aria2:
    """One aria2 with one download, in a namespace of its own."""

    def __init__(self, swarm: Swarm, name: str, boot: DhtNode, what: str) -> None:
        self.directory = swarm.lab.directory / f"{name}-{swarm.family}"
        self.directory.mkdir(exist_ok=True)
        namespace = swarm.lab.namespace(f"{name}-{swarm.family}")
        at = swarm.internet.attach(namespace, swarm.internet.take_number())
        self.host = at.v4 if swarm.family == 4 else f"[{at.v6}]"
        self.endpoint = f"{self.host}:{PORT}"
        self.log = self.directory / "log"
        options = ["--no-conf", f"--dir={self.directory}", f"--dht-listen-port={PORT}",
                   f"--listen-port={PEER_PORT}", "--bt-enable-lpd=false",
                   "--enable-peer-exchange=false", "--seed-ratio=0.0", "--check-integrity=true",
                   "--file-allocation=none", f"--dht-file-path={self.directory}/dht.dat",
                   f"--dht-file-path6={self.directory}/dht6.dat", "--console-log-level=info",
                   *self._family_options(swarm.family, at.v6, boot.endpoint)]
        self.process = process.spawn(namespace.command(["aria2c", *options, what]), self.log)

    @staticmethod
    def _family_options(family: int, own6: str, boot: str) -> list[str]:
        if family == 4:
            return ["--enable-dht=true", "--enable-dht6=false", "--disable-ipv6=true",
                    f"--dht-entry-point={boot}"]
        return ["--enable-dht=false", "--enable-dht6=true", f"--dht-listen-addr6={own6}",
                f"--dht-entry-point6={boot}"]

    def end(self) -> None:
        process.end(self.process)


def make_torrent(directory: Path) -> tuple[Path, str, bytes]:
    """A file and a torrent of it without any tracker; the torrent's path, info-hash and content."""
    content = os.urandom(FILE_BYTES)
    (directory / "file").write_bytes(content)
    pieces = b"".join(hashlib.sha1(content[at:at + PIECE_BYTES]).digest()
                      for at in range(0, FILE_BYTES, PIECE_BYTES))
    info = b"d6:lengthi%de4:name4:file12:piece lengthi%de6:pieces%d:%se" % (
        FILE_BYTES, PIECE_BYTES, len(pieces), pieces)
    torrent = directory / "file.torrent"
    torrent.write_bytes(b"d4:info%se" % info)
    return torrent, hashlib.sha1(info).hexdigest(), content


def download_by_info_hash(swarm: Swarm) -> list[object]:
    boot = swarm.start("boot", ours())
    folder = swarm.lab.directory / f"seed-{swarm.family}"
    folder.mkdir()
    torrent, info_hash, content = make_torrent(folder)
    began = time.monotonic()
    seed = Aria2(swarm, "seed", boot, str(torrent))
    leech = None
    try:
        our = swarm.start("our", ours(), boot)
        found = f"{seed.host}:{PEER_PORT}"
        process.wait_until(lambda: found in our.ask("peers", info_hash)["peers"],
                           DOWNLOAD_SECONDS_MAX, f"we find the seeder at {found}", interval_s=0.5)
        assert our.ask("peers", os.urandom(20).hex())["peers"] == [], "peers where nobody is"
        assert seed.endpoint in boot.contacts(), "aria2 is no contact of ours"
        announced = milliseconds(time.monotonic() - began)
        began = time.monotonic()
        leech = Aria2(swarm, "leech", boot, f"magnet:?xt=urn:btih:{info_hash}")
        copy = leech.directory / "file"
        process.wait_until(lambda: copy.exists() and copy.read_bytes() == content,
                           DOWNLOAD_SECONDS_MAX, "the file arrives", interval_s=0.2)
        arrived = milliseconds(time.monotonic() - began)
        swarm.end(boot, our)
        ours_lie_on_theirs(swarm, seed)
    except BaseException:
        for aria2 in filter(None, (seed, leech)):
            print(f"--- aria2 in {aria2.directory.name}\n", aria2.log.read_text()[-3000:])
        raise
    finally:
        for aria2 in filter(None, (seed, leech)):
            aria2.end()
    return [f"IPv{swarm.family}", announced, arrived]


def ours_lie_on_theirs(swarm: Swarm, theirs: Aria2) -> None:
    """Ours store nothing, being read-only: what the one finds of the other has lain on aria2's."""
    writer = swarm.start("writer", ours("read_only"), theirs.endpoint)
    reader = swarm.start("reader", ours("read_only"), theirs.endpoint)
    for node in (writer, reader):
        process.wait_until(lambda: theirs.endpoint in node.contacts(), DOWNLOAD_SECONDS_MAX,
                           f"{node.name} has aria2 among its contacts", interval_s=0.2)
    exchange.announced(writer, [reader], 7001)


def test(lab: Lab) -> None:
    if shutil.which("aria2c") is None:
        raise Skip("there is no aria2c (tools/setup installs aria2)")
    version = subprocess.run(["aria2c", "--version"], capture_output=True, text=True).stdout
    internet = Internet(lab.namespace("net0"))
    rows = []
    for family in (4, 6):
        with Swarm(lab, internet, family) as swarm:
            rows.append(download_by_info_hash(swarm))
    show(f"with {version.splitlines()[0]}", ["over", "announced", "downloaded"], rows)


if __name__ == "__main__":
    sys.exit(run_test(test))
