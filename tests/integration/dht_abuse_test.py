#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What malformed and abusive DHT traffic does to a daemon: each message is answered as BEP 5 and 44
say, or not at all; floods cost the tunnel nothing, and an honest node is answered meanwhile.

ann and bob are connected, and bob sends 2,000 packets a second through the tunnel during the floods.
mallory, who has a thousand addresses, knows the key of the swarm: a MAC keeps nobody away here.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from lib import process, schema
from lib.host import Host, complete, connect_all, tools_directory
from lib.krpc import Asker, Signer, SwarmKey, bencode
from lib.lab import Lab, run_test, sanitized
from lib.namespaces import Namespace
from lib.tables import show
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
SILENCE = "silence"
ANSWER = "an answer"


@dataclass
class Abuse:
    name: str
    datagram: bytes
    wanted: str               # SILENCE, ANSWER or "error 203"
    counter: str = ""         # must grow by one


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

    def reset_peak(self) -> None:
        assert self.ann.daemon
        Path(f"/proc/{self.ann.daemon.pid}/clear_refs").write_text("5")


# --- One message each --------------------------------------------------------------------------------

def nested(levels: int) -> bytes:
    """A list so deep; the message around it is the first level."""
    return b"l" * (levels - 1) + b"e" * (levels - 1)


def malformed(asker: Asker, swarm: SwarmKey) -> list[Abuse]:
    """What is no KRPC message, or none of this swarm: nothing is said to it."""
    ping = asker.message(b"rubbish", "ping")
    plain, bad = bencode(ping), "dht_dropped_malformed"
    body = plain[1:-1]

    def with_unknown(value: bytes) -> bytes:
        return swarm.seal(b"d" + body[:-len(b"1:y1:q")] + b"1:x" + value + b"1:y1:qe")

    def sealed(**changes: Any) -> bytes:
        changed = {**ping, **changes}
        return asker.sealed({key: value for key, value in changed.items() if value is not None})
    wrong = bytearray(swarm.seal(plain))
    wrong[-2] ^= 1
    big = {**ping, "x": b"x" * (65507 - len(asker.sealed({**ping, "x": b""})) - 4)}
    kilobytes = {**ping, "x": b"x" * (2049 - len(asker.sealed({**ping, "x": b""})) - 3)}
    assert len(asker.sealed(big)) == 65507 and len(asker.sealed(kilobytes)) == 2049
    return [
        Abuse("no MAC", plain, SILENCE, "dht_dropped_mac"),
        Abuse("a MAC with one bit wrong", bytes(wrong), SILENCE, "dht_dropped_mac"),
        Abuse("the MAC of another swarm", SwarmKey("another").seal(plain), SILENCE,
              "dht_dropped_mac"),
        Abuse("the MAC not in the last place", swarm.seal(plain)[:-1] + b"2:zz1:.e", SILENCE,
              "dht_dropped_mac"),
        Abuse("rubbish that looks like KRPC", b"d1:" + os.urandom(200) + b"e", SILENCE,
              "dht_dropped_mac"),
        Abuse("rubbish with the right MAC", swarm.seal(b"d1:" + os.urandom(200) + b"e"), SILENCE,
              bad),
        Abuse("cut in the middle, right MAC", swarm.seal(plain[:len(plain) // 2] + b"e"), SILENCE,
              bad),
        Abuse("a length beyond the end", swarm.seal(b"d1:a99999:" + plain[4:]), SILENCE, bad),
        Abuse("a length of 30 digits", swarm.seal(b"d1:a" + b"9" * 30 + b":e"), SILENCE, bad),
        Abuse("unsorted keys", swarm.seal(b"d1:y1:q" + body[:-len(b"1:y1:q")] + b"e"), SILENCE,
              bad),
        Abuse("a key twice", swarm.seal(b"d" + body + b"1:y1:qe"), SILENCE, bad),
        Abuse("a number with a leading zero", with_unknown(b"i01e"), SILENCE, bad),
        Abuse("minus zero", with_unknown(b"i-0e"), SILENCE, bad),
        Abuse("a number of 65 bits", with_unknown(b"i18446744073709551616e"), SILENCE, bad),
        Abuse("a key that is no string", swarm.seal(b"d" + body + b"i1ei1ee"), SILENCE, bad),
        Abuse("16 levels deep", with_unknown(nested(16)), ANSWER),
        Abuse("17 levels deep", with_unknown(nested(17)), SILENCE, bad),
        Abuse("900 levels deep", with_unknown(nested(900)), SILENCE, bad),
        Abuse("900 elements", with_unknown(b"l" + b"le" * 900 + b"e"), ANSWER),
        Abuse("no transaction id", sealed(t=None), SILENCE, bad),
        Abuse("an empty transaction id", sealed(t=b""), SILENCE, bad),
        Abuse("a transaction id of 33 bytes", sealed(t=b"x" * 33), SILENCE, bad),
        Abuse("no type", sealed(y=None), SILENCE, bad),
        Abuse("an unknown type", sealed(y="x"), SILENCE, bad),
        Abuse("a list", b"l" + plain + b"e", SILENCE),
        Abuse("2,049 bytes", asker.sealed(kilobytes), SILENCE, "dht_dropped_oversized"),
        Abuse("65,507 bytes", asker.sealed(big), SILENCE, "dht_dropped_oversized"),
        Abuse("an answer to nothing", asker.sealed(
            {"r": {"id": asker.id}, "t": b"rubbish", "y": "r"}), SILENCE,
            "dht_dropped_unexpected"),
        Abuse("an error to nothing", asker.sealed(
            {"e": [201, "no"], "t": b"rubbish", "y": "e"}), SILENCE, "dht_dropped_unexpected"),
    ]


def wrong_arguments(asker: Asker) -> list[Abuse]:
    """Queries that BEP 5 has errors for."""
    def query(method: str, **arguments: Any) -> bytes:
        return asker.sealed(asker.message(b"rubbish", method, **arguments))
    token, target = asker.token(), os.urandom(20)
    no_arguments = asker.message(b"rubbish", "ping")
    del no_arguments["a"]
    no_method = asker.message(b"rubbish", "ping")
    del no_method["q"]
    e203, e204 = "error 203", "error 204"
    return [
        Abuse("an unknown method", query("gossip"), e204),
        Abuse("no method", asker.sealed(no_method), e204),
        Abuse("no arguments", asker.sealed(no_arguments), e203),
        Abuse("an id of 19 bytes", query("ping", id=b"x" * 19), e203),
        Abuse("an id that is a number", query("ping", id=7), e203),
        Abuse("a target of 21 bytes", query("find_node", target=b"x" * 21), e203),
        Abuse("no info_hash", query("get_peers"), e203),
        Abuse("announce: a wrong token", query("announce_peer", info_hash=target, port=7,
                                               token=b"x" * 8), e203),
        Abuse("announce: port 0", query("announce_peer", info_hash=target, port=0, token=token),
              e203),
        Abuse("announce: port 65,536", query("announce_peer", info_hash=target, port=65536,
                                             token=token), e203),
        Abuse("announce: as it should be", query("announce_peer", info_hash=target, port=7,
                                                 token=token), ANSWER),
    ]


def items(asker: Asker, foreign_token: bytes) -> list[Abuse]:
    """Puts in an order: later ones count on what earlier ones have stored."""
    token, signer = asker.token(), Signer("5a")
    hello, other, empty = bencode("hello"), bencode("other"), b""

    def put(value: bytes, **arguments: Any) -> bytes:
        # The value goes in as the bytes that were signed, whatever they are.
        message = bencode(asker.message(b"rubbish", "put",
                                        **{"token": token, "v": "<v>", **arguments}))
        return asker.swarm.seal(message.replace(bencode("<v>"), value))

    def signed(seq: int, value: bytes, salt: bytes = empty, **arguments: Any) -> bytes:
        fields = {"k": signer.key, "seq": seq, "sig": signer.sign(seq, value, salt),
                  **({"salt": salt} if salt else {}), **arguments}
        return put(value, **fields)
    flipped = bytearray(signer.sign(5, hello))
    flipped[0] ^= 1
    string = bencode("x" * 996)
    return [
        Abuse("put: no token", put(hello, token=b""), "error 203"),
        Abuse("put: a wrong token", put(hello, token=b"x" * 8), "error 203"),
        Abuse("put: another's token", put(hello, token=foreign_token), "error 203"),
        Abuse("put: a token of 41 bytes", put(hello, token=b"x" * 41), "error 203"),
        Abuse("put: no value", asker.sealed(asker.message(b"rubbish", "put", token=token)),
              "error 203"),
        Abuse("put: salt without key", put(hello, salt=b"salt"), "error 203"),
        Abuse("put: key without signature", put(hello, k=signer.key, seq=1), "error 203"),
        Abuse("put: a key of 31 bytes", signed(1, hello, k=signer.key[:31]), "error 203"),
        Abuse("put: a negative number", signed(-1, hello), "error 203"),
        Abuse("put: a number of 65 bits", signed(2**64, hello), SILENCE, "dht_dropped_malformed"),
        Abuse("put: one bit of the signature wrong", signed(5, hello, sig=bytes(flipped)),
              "error 206"),
        Abuse("put: the signature of another value", signed(5, hello, sig=signer.sign(5, other)),
              "error 206"),
        Abuse("put: the signature of another number", signed(5, hello, sig=signer.sign(6, hello)),
              "error 206"),
        Abuse("put: the signature of another salt",
              signed(5, hello, b"salt", sig=signer.sign(5, hello, b"tlas")), "error 206"),
        Abuse("put: as it should be, number 5", signed(5, hello), ANSWER),
        Abuse("put: number 4", signed(4, hello), "error 302"),
        Abuse("put: number 5, another value", signed(5, other), "error 302"),
        Abuse("put: number 5, the same again", signed(5, hello), ANSWER),
        Abuse("put: cas 4, 5 is stored", signed(6, other, cas=4), "error 301"),
        Abuse("put: cas 4 and number 4", signed(4, other, cas=4), "error 301"),
        Abuse("put: cas 5", signed(6, other, cas=5), ANSWER),
        Abuse("put: a value of 1,000 bytes", put(string), ANSWER),
        Abuse("put: a value of 1,001 bytes", put(bencode("x" * 997)), "error 205"),
        Abuse("put: a signed value of 1,001 bytes", signed(1, bencode("x" * 997), b"big"),
              "error 205"),
        Abuse("put: a salt of 64 bytes", signed(1, hello, b"s" * 64), ANSWER),
        Abuse("put: a salt of 65 bytes", signed(1, hello, b"s" * 65), "error 207"),
        Abuse("put: a salt of 900 bytes", signed(1, hello, b"s" * 900), "error 207"),
    ]


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


# --- Floods ------------------------------------------------------------------------------------------

class Stream:
    """Numbered packets through the tunnel from `sender` to `receiver`."""

    def __init__(self, sender: Host, receiver: Host) -> None:
        with receiver.namespace.entered():
            self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE: we may be late
        self._sink.bind((receiver.v4, 0))
        self._sink.settimeout(1.0)
        with sender.namespace.entered():
            self._source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._source.connect(self._sink.getsockname())
        self.sent, self.arrived = 0, set[int]()
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True)
                         for work in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        begin = time.monotonic()
        while not self._ends.is_set():
            due = int((time.monotonic() - begin) * STREAM_PER_SECOND)
            # After a stall no burst: what was not sent in time is not sent.
            if due - self.sent > 100:
                begin += (due - self.sent - 100) / STREAM_PER_SECOND
                due = self.sent + 100
            for _ in range(due - self.sent):
                self._source.send(struct.pack("!Q", self.sent).ljust(STREAM_BYTES, b"."))
                self.sent += 1
            time.sleep(0.002)

    def _receive(self) -> None:
        while True:
            try:
                self.arrived.add(struct.unpack_from("!Q", self._sink.recv(2048))[0])
            except TimeoutError:
                if self._ends.is_set():
                    return

    def stop(self) -> float:
        """The share that was lost."""
        self._ends.set()
        for thread in self._threads:
            thread.join()
        self._source.close()
        self._sink.close()
        return 1 - len(self.arrived) / self.sent


@dataclass
class FloodResult:
    name: str
    seconds: float
    sent: int
    loss: float
    asked: int
    answered: int
    grown_kib: int
    counters: dict[str, int]

    def row(self) -> list[object]:
        counted = ", ".join(f"{name.removeprefix('dht_')} {self.counters[name]}"
                            for name in ("dht_flood_dropped", "dht_dropped_mac",
                                         "dht_dropped_malformed", "dht_dropped_rate",
                                         "udp_kernel_drops") if self.counters.get(name))
        return [self.name, f"{self.sent / self.seconds:.0f}/s", f"{self.loss:.2%}",
                f"{self.answered} of {self.asked}", f"{self.grown_kib} KiB", counted]


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
    before, memory = arena.ann.counters(), arena.memory_kib("VmRSS")
    arena.reset_peak()
    stream = Stream(arena.bob, arena.ann)
    with open(datagrams_file) as lines:
        flooder = subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, text=True)
    with arena.asker(arena.honest, arena.honest_at.v4) as honest:
        asked, answered = ask_honestly(honest, lambda: flooder.poll() is not None)
    sent = json.loads(flooder.communicate()[0])
    loss = stream.stop()
    after = arena.ann.counters()
    return FloodResult(name, sent["seconds"], sent["sent"], loss, asked, answered,
                       arena.memory_kib("VmHWM") - memory,
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
         ["flood", "rate", "lost in the tunnel", "honest queries answered", "memory", "counted"],
         [result.row() for result in results])
    check_floods(results)
    assert arena.ann.peer(arena.bob)["session_id"] == session, "the session was lost"
    assert arena.dht(arena.bob, "get", json.loads(kept)["target"]) == "kept\n"


if __name__ == "__main__":
    sys.exit(run_test(test))
