# SPDX-License-Identifier: Apache-2.0
"""DHT nodes of several implementations, all driven by the same words.

A node is a program in a namespace of its own. It reads a command a line and prints a JSON object a
line for each; bytes are hexadecimal, "-" is nothing:

    nodes                                          {"nodes": ["198.18.1.1:6881", …]}: its contacts
    put TEXT                                       {"target", "stored"}: on how many nodes
    put_mutable KEYPAIR SEQ SALT TEXT [CAS]        {"stored", "error"}
    get TARGET                                     {"text", "seq"}: null if there is none
    get_mutable KEY SALT                           {"text", "seq"}
    announce HASH PORT                             {"port"}: what it announces, perhaps its own
    peers HASH                                     {"peers": ["198.18.1.1:7001", …]}

KEYPAIR is an Ed25519 seed and the public key behind it. It ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any, Callable

from .host import tools_directory
from .internet import Internet
from .lab import Lab

PORT = 6881
ANSWER_SECONDS_MAX = 60.0
SCRIPTS = Path(__file__).resolve().parents[1] / "tools"

Command = Callable[[str, "str | None"], list[str]]


def ours(*words: str) -> Command:
    """Our DHT without a network MAC. `words` as open_dht_node has them."""
    def command(listen: str, bootstrap: str | None) -> list[str]:
        start = [f"bootstrap={bootstrap}"] if bootstrap else []
        return [str(tools_directory() / "open_dht_node"), f"listen={listen}", *start, *words]
    return command


class DhtNode:
    """One running node; `endpoint` is where it listens."""

    def __init__(self, name: str, endpoint: str, log: Path, command: list[str]) -> None:
        self.name = name
        self.endpoint = endpoint
        self.host = endpoint.rsplit(":", 1)[0]
        self.log = log
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors)
        self._read = bytearray()

    def ask(self, *words: str | int) -> dict[str, Any]:
        """Sends one command and returns its answer."""
        assert self.process.stdin is not None
        line = " ".join(str(word) for word in words)
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
            return json.loads(self._line(time.monotonic() + ANSWER_SECONDS_MAX))
        except (OSError, TimeoutError, ValueError) as error:
            raise AssertionError(f"{self.name}: {line[:80]}: {error}: "
                                 f"{self.log.read_text(errors='replace')[-1500:]}") from error

    def _line(self, until: float) -> bytes:
        assert self.process.stdout is not None
        while b"\n" not in self._read:
            descriptor = self.process.stdout.fileno()
            if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("no answer")
            chunk = os.read(descriptor, 65536)
            if not chunk:
                raise OSError(f"the program ended with {self.process.wait(10)}")
            self._read += chunk
        line, _, rest = bytes(self._read).partition(b"\n")
        self._read = bytearray(rest)
        return line

    def contacts(self) -> list[str]:
        return self.ask("nodes")["nodes"]

    def end(self) -> None:
        """As a crash does it: nobody is told."""
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Swarm:
    """Makes nodes, each in its own subnet, and ends them. `family` is 4 or 6."""

    def __init__(self, lab: Lab, internet: Internet, family: int = 4) -> None:
        self.lab = lab
        self.internet = internet
        self.family = family
        self.nodes: list[DhtNode] = []

    def __enter__(self) -> "Swarm":
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.end()

    def start(self, name: str, command: Command,
              bootstrap: DhtNode | str | None = None) -> DhtNode:
        """`bootstrap`, a node or its endpoint, is all that the new node knows."""
        namespace = self.lab.namespace(f"{name}-{self.family}")
        at = self.internet.attach(namespace, self.internet.take_number())
        endpoint = f"{at.v4}:{PORT}" if self.family == 4 else f"[{at.v6}]:{PORT}"
        start = bootstrap.endpoint if isinstance(bootstrap, DhtNode) else bootstrap
        words = command(endpoint, start)
        self.nodes.append(DhtNode(name, endpoint, self.lab.directory / f"{name}.log",
                                  namespace.command(words)))
        return self.nodes[-1]

    def end(self, *nodes: DhtNode) -> None:
        for node in nodes:
            node.end()
            self.nodes.remove(node)
