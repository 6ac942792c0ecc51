#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What strangers and misbehaving peers can do to a daemon: nothing but be counted.

ann and bob are connected and exchange a hundred echoes a second while mallory attacks ann in every
way below. Each attack must be refused, show in the counter named for it, and write at most one log
line an interval however often it is tried.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from lib import process
from lib.capture import Capture, udp_datagrams
from lib.host import Host, PeerEntry, complete, tools_directory
from lib.lab import Lab, run_test
from lib.namespaces import Namespace
from lib.tables import milliseconds, show
from lib.traffic import Ping, ping
from lib.underlay import PORT, Attachment, Switch

TRIES = 5
LOG_INTERVAL_S = 10.0   # of the daemon's rate-limited records
FLOOD_SECONDS = 10.0
FLOOD_PER_SECOND = 10_000
STRANGER, MEMBER, IMPOSTOR = "11", "12", "13"   # seeds of hostile_peer's keys


@dataclass
class Row:
    attack: str
    sent: int
    refused: bool
    outcome: str
    counters: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def hostile_peer(*arguments: str) -> list[str]:
    tool = tools_directory() / "hostile_peer"
    assert tool.exists(), f"there is no {tool}; run tools/build first"
    return [str(tool), *arguments]


def id_of_seed(seed: str) -> str:
    return process.run(hostile_peer("id", seed)).strip()


class Arena:
    """The three hosts, and the bookkeeping of what an attack changed at ann."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.switch: Switch = lab.switch()
        self.ann, self.bob = lab.hosts_on(self.switch, ["ann", "bob"])
        self.mallory: Namespace = lab.namespace("mallory")
        self.mallory_at: Attachment = self.switch.attach(self.mallory, 66)
        assert self.bob.at
        self.ann.peers = [self.bob.entry(),
                          PeerEntry(id_of_seed(MEMBER), "member"),
                          PeerEntry("42" * 20, "carol", [self.mallory_at.endpoint4()])]
        # bob only listens for ann, so that nothing but ann's dials cross the capture.
        self.bob.peers = [self.ann.entry()]
        self.rows: list[Row] = []
        self._last_logged = 0.0

    def start(self) -> None:
        for host in (self.ann, self.bob):
            host.launch()
        for host in (self.ann, self.bob):
            host.wait_ready()
        process.wait_until(lambda: complete([self.ann, self.bob]), 10, "ann and bob are connected")

    def session(self) -> dict[str, Any]:
        return {key: self.ann.peer(self.bob)[key] for key in ("session_id", "state", "migrations")}

    def attack(self, name: str, act: Callable[[], tuple[int, bool, str]]) -> None:
        """Runs one attack and writes its row."""
        before, lines = self.ann.counters(), len(self.ann.log_records())
        sent, refused, outcome = act()
        time.sleep(0.2)
        after = self.ann.counters()
        grown = {key: after[key] - before.get(key, 0) for key in after
                 if after[key] > before.get(key, 0)}
        new = [record["message"] for record in self.ann.log_records()[lines:]
               if record["level"] in ("warn", "error", "text")]
        self.rows.append(Row(name, sent, refused, outcome, grown, new))

    def dial(self, seed: str, certificate: str, say: str) -> tuple[int, bool, str]:
        """hostile_peer tries to get in at ann, TRIES times."""
        assert self.ann.at
        local = f"{self.mallory_at.v4}:7000"
        text = self.mallory.run(hostile_peer("dial", seed, local, self.ann.at.endpoint4(),
                                             self.ann.id, certificate, say, str(TRIES)),
                                timeout_s=60)
        result = json.loads(text)
        refused = result["ended"] == TRIES and result["cause"] in ("tls_alert", "peer_closed")
        return TRIES, refused, f"{result['cause']} {result['code']} {result['text']}".strip()

    def serve_wrong_identity(self) -> tuple[int, bool, str]:
        """ann keeps dialling carol's known address, where somebody else answers."""
        dials = self.ann.peer("carol")["dials"]
        server = process.spawn(self.mallory.command(hostile_peer(
            "serve", IMPOSTOR, self.mallory_at.endpoint4(), self.ann.id, "60")),
            self.lab.directory / "impostor.log")
        try:
            process.wait_until(lambda: "identity" in self.ann.peer("carol")["last_error"], 45,
                               "ann notices the wrong identity", interval_s=0.1)
        finally:
            process.end(server)
        carol = self.ann.peer("carol")
        return carol["dials"] - dials, carol["state"] != "connected", carol["last_error"]


# --- Floods ------------------------------------------------------------------------------------------

def random_datagrams() -> Callable[[], bytes]:
    """Noise, noise that looks like QUIC packets of each kind, and noise that ends too early."""
    dice = random.Random(7)

    def long_header(first: int, version: bytes, size: int) -> bytes:
        return (bytes([first]) + version + b"\x08" + os.urandom(8) + b"\x08" + os.urandom(8) +
                b"\x00" + b"\x44\xd0" + os.urandom(size))
    makers = [
        lambda: os.urandom(dice.randrange(0, 64)),
        lambda: os.urandom(dice.randrange(64, 1472)),
        lambda: bytes([0x40 | dice.randrange(64), 0x80 | dice.randrange(128)]) +
        os.urandom(dice.randrange(20, 1400)),
        lambda: long_header(0xC0 | dice.randrange(64), b"\x00\x00\x00\x01", 1180),
        lambda: long_header(0xC0 | dice.randrange(64), os.urandom(4), 1180),
        lambda: b"\xc3\x00\x00\x00\x01\xff" + os.urandom(dice.randrange(0, 30)),
    ]
    return lambda: dice.choice(makers)()


def flood(send: Callable[[bytes], object], make: Callable[[], bytes]) -> int:
    """About FLOOD_PER_SECOND datagrams for FLOOD_SECONDS, in small bursts."""
    begin = time.monotonic()
    sent = 0
    while (elapsed := time.monotonic() - begin) < FLOOD_SECONDS:
        for _ in range(max(0, min(200, int(elapsed * FLOOD_PER_SECOND) - sent))):
            try:
                send(make())
            except BlockingIOError:
                pass
            sent += 1
        time.sleep(0.002)
    return sent


def udp_flood(arena: Arena, make: Callable[[], bytes]) -> int:
    assert arena.ann.at
    with arena.mallory.entered():
        source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with source:
        source.bind((arena.mallory_at.v4, 0))
        source.connect((arena.ann.at.v4, PORT))
        return flood(source.send, make)


def frame_flood(arena: Arena, make: Callable[[], bytes]) -> int:
    """Whole frames at ann's port of the switch: as if the recorded sender had sent them again."""
    assert arena.ann.at
    with arena.switch.namespace.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with wire:
        wire.bind((arena.ann.at.port, 0))
        return flood(wire.send, make)


def recorded(file: Path, arena: Arena) -> tuple[list[bytes], list[bytes]]:
    """Payloads and whole frames of what bob really sent to ann."""
    assert arena.bob.at
    sources = {socket.inet_aton(arena.bob.at.v4), socket.inet_pton(socket.AF_INET6,
                                                                   arena.bob.at.v6)}
    theirs = [d for d in udp_datagrams(file)
              if d.source in sources and d.destination_port == PORT]
    return [d.payload for d in theirs], [d.wire_frame() for d in theirs]


def flood_outcome(arena: Arena, before: dict[str, Any], sent: int) -> tuple[int, bool, str]:
    after = arena.session()
    same = after == before
    return sent, same, "session untouched" if same else f"session changed: {after}"


def flood_attacks(arena: Arena, capture_file: Path) -> None:
    payloads, frames = recorded(capture_file, arena)
    assert len(payloads) > 50, f"only {len(payloads)} packets of bob were recorded"
    for name, send, make in (
            ("10 s of random datagrams", udp_flood, random_datagrams()),
            ("10 s of replays, other address", udp_flood, itertools.cycle(payloads).__next__),
            ("10 s of replays, same address", frame_flood, itertools.cycle(frames).__next__)):
        before = arena.session()
        arena.attack(name, lambda: flood_outcome(arena, before, send(arena, make)))


# --- The test ----------------------------------------------------------------------------------------

# name, counter that must have grown by at least the number of tries, seed, certificate, speech
DIALS = [
    ("stranger, valid key", "quic_peers_refused", STRANGER, "good", "nothing"),
    ("oversized control message", "protocol_violations", MEMBER, "good", "oversized"),
    ("expired certificate", "quic_peers_refused", MEMBER, "expired", "nothing"),
    ("truncated control message", "protocol_violations", MEMBER, "good", "truncated"),
    ("certificate not yet valid", "quic_peers_refused", MEMBER, "future", "nothing"),
    ("garbage control message", "protocol_violations", MEMBER, "good", "garbage"),
    ("tampered certificate", "quic_peers_refused", MEMBER, "tampered", "nothing"),
    ("control message out of order", "protocol_violations", MEMBER, "good", "out_of_order"),
]
FLOOD_COUNTERS = ("quic_datagrams_malformed", "quic_datagrams_unroutable", "quic_packets_rejected",
                  "quic_initials_dropped", "quic_version_negotiations_sent",
                  "quic_handshakes_failed", "quic_retries_sent")


def dial_attacks(arena: Arena) -> None:
    """In pairs of one stranger-side and one member-side attack, whose log limits are separate; an
    interval between pairs, so that every attack has a line of its own."""
    for number, (name, _, seed, certificate, say) in enumerate(DIALS):
        if number % 2 == 0 and number > 0:
            time.sleep(LOG_INTERVAL_S)
        arena.attack(name, lambda: arena.dial(seed, certificate, say))


def check_rows(arena: Arena) -> None:
    expected = {name: counter for name, counter, *_ in DIALS}
    problems = []
    for row in arena.rows:
        if not row.refused:
            problems.append(f"{row.attack}: not refused: {row.outcome}")
        counter = expected.get(row.attack)
        if counter and row.counters.get(counter, 0) < row.sent:
            problems.append(f"{row.attack}: {counter} grew by {row.counters.get(counter, 0)}")
        if counter and len(row.lines) != 1:
            problems.append(f"{row.attack}: {len(row.lines)} log lines: {row.lines}")
        if row.attack.startswith("10 s"):
            counted = sum(row.counters.get(name, 0) for name in FLOOD_COUNTERS)
            if counted < row.sent * 0.5:
                problems.append(f"{row.attack}: {counted} of {row.sent} counted")
            if len(row.lines) > 1 + FLOOD_SECONDS / LOG_INTERVAL_S:
                problems.append(f"{row.attack}: {len(row.lines)} log lines")
        if row.attack.startswith("wrong identity"):
            if row.counters.get("quic_peers_refused", 0) < 1 or len(row.lines) != 1:
                problems.append(f"{row.attack}: {row.counters} {row.lines}")
    assert not problems, "; ".join(problems)


def counted_text(row: Row) -> str:
    expected = next((counter for name, counter, *_ in DIALS if name == row.attack), None)
    if expected is None and row.attack.startswith("wrong"):
        expected = "quic_peers_refused"
    names = [expected] if expected else [n for n in FLOOD_COUNTERS if n in row.counters]
    return ", ".join(f"{name} +{row.counters.get(name, 0)}" for name in names)


def test(lab: Lab) -> None:
    arena = Arena(lab)
    assert arena.bob.at and arena.ann.at
    capture = Capture(arena.switch.namespace, arena.ann.at.port, lab.directory / "ann.pcap",
                      f"udp port {PORT}")
    arena.start()
    ping(arena.bob.namespace, arena.ann.v4, count=100, interval_s=0.01)
    capture.stop()
    session = arena.session()

    streams = {f"{a.name} → {b.name}": Ping(a.namespace, b.v4, lab.directory / f"ping-{a.name}",
                                           count=100_000, interval_s=0.01)
               for a, b in ((arena.ann, arena.bob), (arena.bob, arena.ann))}
    dial_attacks(arena)
    arena.attack("wrong identity at a known address", arena.serve_wrong_identity)
    flood_attacks(arena, capture.file)
    # The last echoes come home before the streams are counted.
    results = {name: stream.stop() for name, stream in streams.items()}

    show("attacks on ann", ["attack", "tried", "refused", "what the attacker saw", "counted",
                            "log lines"],
         [[row.attack, row.sent, "yes" if row.refused else "NO", row.outcome, counted_text(row),
           len(row.lines)] for row in arena.rows])
    show("the log lines", ["attack", "line"],
         [[row.attack, line] for row in arena.rows for line in row.lines])
    show("meanwhile, 100 echoes a second", ["stream", "sent", "lost", "longest gap"],
         [[name, result.sent, result.lost, milliseconds(result.longest_gap_s())]
          for name, result in results.items()])
    check_rows(arena)
    assert arena.session() == session, f"ann's session with bob changed: {arena.session()}"
    for name, result in results.items():
        # ping counts an echo that is under way when it is stopped as lost.
        assert result.lost <= 1, f"{name}: {result.lost} of {result.sent} echoes lost"


if __name__ == "__main__":
    sys.exit(run_test(test))
