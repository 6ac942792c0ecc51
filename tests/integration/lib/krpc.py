# SPDX-License-Identifier: Apache-2.0
"""KRPC by hand: any message, right or wrong, with the MAC of a private swarm or without, and who
answers it. docs/protocol/dht.md has the layout."""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import time
from typing import Any

from . import process
from .host import tools_directory
from .namespaces import Namespace

ANSWER_SECONDS_MAX = 2.0
MAC_BYTES = 16


def bencode(value: Any) -> bytes:
    """Of int, bytes, str, list and dict; a dict's keys are sorted."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(bencode(item) for item in value) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def _read(data: bytes, at: int) -> tuple[Any, int]:
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = _read(data, at)
            items.append(item)
        if kind == b"d":
            return {key.decode("latin-1"): item for key, item in
                    zip(items[::2], items[1::2], strict=True)}, at + 1
        return items, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


def parse(data: bytes) -> Any:
    """What the daemon sends is well-formed, or the test fails here."""
    value, end = _read(data, 0)
    assert end == len(data), f"bytes behind the element: {data!r}"
    return value


class SwarmKey:
    """The network MAC of the swarm that shares `text` (discovery.swarm)."""

    def __init__(self, text: str) -> None:
        self.key = b"".join(
            hashlib.blake2b(b"quicether swarm " + half + text.encode(), digest_size=MAC_BYTES,
                            key=bytes(32)).digest() for half in (b"1", b"2"))

    def seal(self, message: bytes) -> bytes:
        """`message`, a dictionary whose last byte is its `e`, with `z`."""
        front = message[:-1] + b"1:z16:"
        mac = hashlib.blake2b(front, digest_size=MAC_BYTES, key=self.key).digest()
        return front + mac + b"e"


class Signer:
    """An Ed25519 key pair that signs whatever it is told to, as BEP 44 does."""

    def __init__(self, seed: str) -> None:
        self.seed = seed * (64 // len(seed))
        self.key = bytes.fromhex(self._ask(b"")[0])

    def _ask(self, message: bytes) -> list[str]:
        tool = tools_directory() / "dht_abuser"
        assert tool.exists(), f"there is no {tool}; run tools/build first"
        return process.run([str(tool), "sign", self.seed], stdin=message.hex() + "\n").split()

    def sign(self, seq: int, value: bytes, salt: bytes = b"") -> bytes:
        """`value` is bencoded."""
        head = b"4:salt" + bencode(salt) if salt else b""
        return bytes.fromhex(self._ask(head + b"3:seq" + bencode(seq) + b"1:v" + value)[1])


class Asker:
    """A UDP socket at `address` in a namespace, whose queries go to one daemon.

    It calls itself read-only (BEP 43), so that the daemon does not ask back.
    """

    def __init__(self, namespace: Namespace, address: str, to: tuple[str, int],
                 swarm: SwarmKey) -> None:
        self.swarm = swarm
        self.id = os.urandom(20)
        self._numbers = itertools.count(1)
        with namespace.entered():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.connect(to)

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def transaction(self) -> bytes:
        return b"%08x" % next(self._numbers)

    def message(self, transaction: bytes, method: str, **arguments: Any) -> dict[str, Any]:
        return {"a": {"id": self.id, **arguments}, "q": method, "ro": 1, "t": transaction,
                "y": "q"}

    def sealed(self, message: dict[str, Any]) -> bytes:
        return self.swarm.seal(bencode(message))

    def send(self, datagram: bytes) -> None:
        self.socket.send(datagram)

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message; None when none comes in time."""
        self.socket.settimeout(timeout_s)
        try:
            data = self.socket.recv(65536)
        except (TimeoutError, BlockingIOError):
            return None
        message = parse(data)
        assert self.swarm.seal(bencode({key: value for key, value in message.items()
                                        if key != "z"})) == data, f"a wrong MAC: {data!r}"
        return {**message, "bytes": len(data)}

    def ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One query as it should be, and its answer, which must come."""
        transaction = self.transaction()
        self.send(self.sealed(self.message(transaction, method, **arguments)))
        until = time.monotonic() + ANSWER_SECONDS_MAX
        while time.monotonic() < until:
            answer = self.receive(ANSWER_SECONDS_MAX)
            if answer is not None and answer["t"] == transaction:
                return answer
        raise AssertionError(f"no answer to {method}")

    def token(self) -> bytes:
        return self.ask("get", target=os.urandom(20))["r"]["token"]

    def answers_to(self, datagram: bytes) -> list[dict[str, Any]]:
        """All that comes back for one datagram: what the daemon says before it answers a ping that
        was sent behind it."""
        self.send(datagram)
        transaction = self.transaction()
        self.send(self.sealed(self.message(transaction, "ping")))
        answers = []
        while True:
            answer = self.receive(ANSWER_SECONDS_MAX)
            assert answer is not None, "a ping behind the message was not answered"
            if answer["t"] == transaction:
                return answers
            answers.append(answer)
