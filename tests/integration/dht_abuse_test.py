#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What malformed and abusive DHT traffic does to a daemon: each message is answered as BEP 5 and 44
say, or not at all; floods cost the tunnel nothing, and an honest node is answered meanwhile.

ann and bob are connected, and bob sends 2,000 packets a second through the tunnel during the
floods. mallory, who has a thousand addresses, knows the key of the swarm: the MAC keeps him out only
where he forgets it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from lib import process, schema
from lib.dht_abuses import ANSWER, SILENCE, Abuse, items, malformed, wrong_arguments
from lib.host import Host, complete, connect_all, tools_directory
from lib.krpc import Asker, SwarmKey
from lib.lab import Lab, run_test, sanitized
from lib.namespaces import Namespace
from lib.tables import show
from lib.traffic import UdpStream
from lib.underlay import PORT

SWARM = "dht abuse test"
RSS_GROWTH_MAX_KIB = 16 * 1024
SUBNET = "198.18.0.0/22"      # mallory's, by a route
SOURCES = 1000
FLOOD_PER_SECOND = 50_000
FLOOD_SECONDS = 10
STREAM_PER_SECOND = 2_000
STREAM_BYTES = 200
STREAM_LOSS_MAX = 0.01
ASKED_PER_SECOND = 10
HONEST_ANSWERED_MIN = 0.95
ITEMS_PER_SUBNET = 100


class Arena:
    """The hosts, and the daemon's memory."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.switch = lab.switch()
        self.ann, self.bob = lab.hosts_on(self.switch, ["ann", "bob"])
        self.mallory = lab.namespace("mallory")
        self.mallory_at = self.switch.attach(self.mallory, 66)
        self.honest = lab.namespace("honest")
        self.honest_at = self.switch.attach(self.honest, 77)
        self.swarm = SwarmKey(SWARM)
        self.mallory.ip("link set lo up", f"route add local {SUBNET} dev lo")
        self.ann.namespace.ip(f"route add {SUBNET} via {self.mallory_at.v4}")

    def start(self) -> None:
        hosts = [self.ann, self.bob]
        connect_all(hosts)
        for host, other in zip(hosts, reversed(hosts)):
            assert other.at
            host.tables["discovery"] = {"lan": False, "swarm": SWARM,
                                        "bootstrap_nodes": [other.at.endpoint4()]}
            host.launch()
        for host in hosts:
            host.wait_ready()
        process.wait_until(lambda: complete(hosts), 30, "ann and bob are connected")
        process.wait_until(lambda: self.dht_status(self.bob)["contacts_v4"] > 0, 30,
                           "ann and bob are in one swarm")

    def asker(self, namespace: Namespace, address: str) -> Asker:
        assert self.ann.at
        return Asker(namespace, address, (self.ann.at.v4, PORT), self.swarm)

    @staticmethod
    def dht(host: Host, *words: str) -> str:
        """A verb of `quicether dht` that must succeed."""
        return host.namespace.run([str(host.binary), "dht", *words, "--socket",
                                   str(host.socket_path)], timeout_s=70)

    def dht_status(self, host: Host) -> dict[str, Any]:
        return schema.check(self.dht(host, "status", "--json"), "dht_status")

    def memory_kib(self, what: str) -> int:
        """Of ann: VmRSS, or VmHWM, the most since reset_peak()."""
        assert self.ann.daemon
        for line in Path(f"/proc/{self.ann.daemon.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {what}")

    def cpu_seconds(self) -> float:
        """That ann has used, in user and kernel mode."""
        assert self.ann.daemon
        stat = Path(f"/proc/{self.ann.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def reset_peak(self) -> None:
        assert self.ann.daemon
        Path(f"/proc/{self.ann.daemon.pid}/clear_refs").write_text("5")


# --- One message each -----------------------------------------------------------------------------

def told(answers: list[dict[str, Any]]) -> str:
    if not answers:
        return SILENCE
    if len(answers) > 1:
        return f"{len(answers)} answers"
    return f"error {answers[0]['e'][0]}" if answers[0]["y"] == b"e" else ANSWER


def judge(arena: Arena, asker: Asker, abuses: list[Abuse]) -> tuple[list[list[object]], list[str]]:
    """Rows for the table, and what was not as wanted."""
    rows, problems = [], []
    for abuse in abuses:
        before = arena.ann.counters()
        answers = asker.answers_to(abuse.datagram)
        got = told(answers)
        grown = arena.ann.counters().get(abuse.counter, 0) - before.get(abuse.counter, 0)
        size = sum(answer["bytes"] for answer in answers)
        rows.append([abuse.name, len(abuse.datagram), got, size or "",
                     f"{abuse.counter} +{grown}" if abuse.counter else ""])
        if got != abuse.wanted or (abuse.counter and grown != 1):
            problems.append(f"{abuse.name}: {got}, not {abuse.wanted}; {abuse.counter} +{grown}")
        if size > 3 * len(abuse.datagram):
            problems.append(f"{abuse.name}: {size} bytes for {len(abuse.datagram)}")
        time.sleep(0.11)  # two queries each; 20 a second are answered
    return rows, problems


def single_messages(arena: Arena) -> None:
    with arena.asker(arena.honest, arena.honest_at.v4) as honest:
        foreign = honest.token()
    rows: list[list[object]] = []
    problems: list[str] = []
    with arena.asker(arena.mallory, arena.mallory_at.v4) as asker:
        for abuses in (malformed(asker, arena.swarm), wrong_arguments(asker),
                       items(asker, foreign)):
            more_rows, more_problems = judge(arena, asker, abuses)
            rows += more_rows
            problems += more_problems
    rows.append(store_is_shared(arena))
    show("one message each", ["what", "bytes", "told", "bytes back", "counted"], rows)
    assert not problems, "; ".join(problems)


def store_is_shared(arena: Arena) -> list[object]:
    """One subnet gets its share of the store and is told so (error 202)."""
    stored, refused = 0, 0
    for host in range(1, 7):
        with arena.asker(arena.mallory, f"198.18.3.{host}") as asker:
            token = asker.token()
            for number in range(20):
                answer = asker.ask("put", token=token, v=f"item {host}.{number}")
                stored += answer["y"] == b"r"
                refused += answer["y"] == b"e" and answer["e"][0] == 202
    assert (stored, refused) == (ITEMS_PER_SUBNET, 120 - ITEMS_PER_SUBNET), (stored, refused)
    return ["120 items of one subnet", "", f"{stored} answers, {refused} times error 202", "", ""]


# --- Floods ---------------------------------------------------------------------------------------

@dataclass
class FloodResult:
    name: str
    seconds: float
    sent: int
    loss: float
    asked: int
    answered: int
    grown_kib: int
    cpu_s: float
    counters: dict[str, int]

    def row(self) -> list[object]:
        counted = ", ".join(f"{name.removeprefix('dht_')} {self.counters[name]}"
                            for name in ("dht_dropped_flood", "dht_dropped_mac",
                                         "dht_dropped_malformed", "dht_dropped_rate",
                                         "udp_kernel_drops") if self.counters.get(name))
        return [self.name, f"{self.sent / self.seconds:.0f}/s", f"{self.loss:.2%}",
                f"{self.answered} of {self.asked}", f"{self.grown_kib} KiB",
                f"{self.cpu_s / self.seconds:.0%}", counted]


def ask_honestly(asker: Asker, until: Callable[[], bool]) -> tuple[int, int]:
    """Ten queries a second, each once: asked and answered."""
    asked: set[bytes] = set()
    answered: set[bytes] = set()
    while not until():
        transaction = asker.transaction()
        asked.add(transaction)
        asker.send(asker.sealed(asker.message(transaction, "find_node", target=os.urandom(20))))
        pause = time.monotonic() + 1 / ASKED_PER_SECOND
        while (left := pause - time.monotonic()) > 0:
            answer = asker.receive(left)
            if answer is not None and answer["y"] == b"r":
                answered.add(answer["t"])
    while (answer := asker.receive(1.0)) is not None:
        answered.add(answer["t"])
    return len(asked), len(asked & answered)


def flood(arena: Arena, name: str, sources: int, datagrams: list[bytes]) -> FloodResult:
    assert arena.ann.at
    datagrams_file = arena.lab.directory / "datagrams"
    datagrams_file.write_text("".join(datagram.hex() + "\n" for datagram in datagrams))
    command = arena.mallory.command(
        [str(tools_directory() / "dht_abuser"), "flood", arena.ann.at.endpoint4(), "198.18.0.1",
         str(sources), str(FLOOD_PER_SECOND), str(FLOOD_SECONDS)])
    before, memory, cpu_s = arena.ann.counters(), arena.memory_kib("VmRSS"), arena.cpu_seconds()
    arena.reset_peak()
    stream = UdpStream(arena.bob.namespace, arena.ann.namespace, arena.ann.v4,
                       per_second=STREAM_PER_SECOND, size=STREAM_BYTES)
    with open(datagrams_file) as lines:
        flooder = subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, text=True)
    with arena.asker(arena.honest, arena.honest_at.v4) as honest:
        asked, answered = ask_honestly(honest, lambda: flooder.poll() is not None)
    sent = json.loads(flooder.communicate()[0])
    loss = stream.stop()
    after = arena.ann.counters()
    return FloodResult(name, sent["seconds"], sent["sent"], loss, asked, answered,
                       arena.memory_kib("VmHWM") - memory, arena.cpu_seconds() - cpu_s,
                       {key: value - before.get(key, 0) for key, value in after.items()})


def floods(arena: Arena) -> list[FloodResult]:
    with arena.asker(arena.mallory, arena.mallory_at.v4) as asker:
        queries = [asker.sealed(asker.message(b"%04x" % number, method, **arguments))
                   for number in range(250)
                   for method, arguments in (("ping", {}),
                                             ("find_node", {"target": os.urandom(20)}),
                                             ("get", {"target": os.urandom(20)}),
                                             ("put", {"token": os.urandom(8), "v": "spam"}))]
    stranger = SwarmKey("another")
    foreign = [stranger.seal(query[:-23] + b"e") for query in queries]
    garbage = [b"d1:" + os.urandom(size) + b"e" for size in range(20, 1400, 10)]
    return [flood(arena, name, sources, datagrams) for name, sources, datagrams in (
        ("queries of a member, 1 address", 1, queries),
        (f"queries of a member, {SOURCES} addresses", SOURCES, queries),
        ("queries with a wrong MAC, 1 address", 1, foreign),
        (f"queries with a wrong MAC, {SOURCES} addresses", SOURCES, foreign),
        (f"rubbish of 20 to 1,400 bytes, {SOURCES} addresses", SOURCES, garbage))]


def check_floods(results: list[FloodResult]) -> None:
    problems = []
    for result in results:
        if result.loss >= STREAM_LOSS_MAX and not sanitized():
            problems.append(f"{result.name}: {result.loss:.2%} of the stream lost")
        if result.answered < result.asked * HONEST_ANSWERED_MIN:
            problems.append(f"{result.name}: {result.answered} of {result.asked} answered")
        if result.grown_kib > RSS_GROWTH_MAX_KIB and not sanitized():
            problems.append(f"{result.name}: {result.grown_kib} KiB more")
    assert not problems, "; ".join(problems)


def test(lab: Lab) -> None:
    arena = Arena(lab)
    arena.start()
    session = arena.ann.peer(arena.bob)["session_id"]
    memory = arena.memory_kib("VmRSS")
    single_messages(arena)
    grown = arena.memory_kib("VmHWM") - memory
    assert grown <= RSS_GROWTH_MAX_KIB or sanitized(), f"{grown} KiB more after single messages"
    print(f"ann's memory grew by {grown} KiB")
    kept = arena.dht(arena.bob, "put", "kept", "--json")
    results = floods(arena)
    show(f"floods of {FLOOD_SECONDS} s, {STREAM_PER_SECOND} packets a second in the tunnel",
         ["flood", "rate", "lost in the tunnel", "honest queries answered", "memory", "CPU",
          "counted"],
         [result.row() for result in results])
    check_floods(results)
    assert arena.ann.peer(arena.bob)["session_id"] == session, "the session was lost"
    assert arena.dht(arena.bob, "get", json.loads(kept)["target"]) == "kept\n"


if __name__ == "__main__":
    sys.exit(run_test(test))
