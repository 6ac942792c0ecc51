# SPDX-License-Identifier: Apache-2.0
"""One overlay host: a namespace, a state directory, a configuration and the daemon in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Sequence

from . import process
from .namespaces import Namespace
from .underlay import Attachment

REPOSITORY = Path(__file__).resolve().parents[3]
READY_TIMEOUT_S = float(os.environ.get("QE_READY_TIMEOUT_S", "10"))


def release_binary() -> Path:
    return Path(os.environ.get("QUICETHER_BIN", REPOSITORY / "build/release/quicether"))


def tools_directory() -> Path:
    return Path(os.environ.get("QUICETHER_TEST_TOOLS_DIR",
                               REPOSITORY / "build/release/tests/integration/tools"))


@dataclass
class PeerEntry:
    """A [[peer]] of a configuration file."""
    id: str
    name: str = ""
    endpoints: list[str] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_toml_value(one)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    # JSON strings, numbers, booleans and flat lists are TOML too.
    return json.dumps(value)


def to_toml(tables: dict[str, dict[str, Any]], peers: Sequence[PeerEntry]) -> str:
    lines: list[str] = []
    for name, values in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml_value(value)}" for key, value in values.items()]
    for peer in peers:
        lines.append("[[peer]]")
        lines += [f"{key} = {_toml_value(value)}" for key, value in vars(peer).items() if value]
    return "\n".join(lines) + "\n"


class Host:
    """Runs `quicether` inside `namespace`.

    Overlay addresses are 10.44.0.<number>/16 and fd44::<number>/64, or derived from the key when
    `derived` is set; v4 and v6 hold them without their length (derived: once the daemon runs).
    """

    def __init__(self, namespace: Namespace, number: int, directory: Path,
                 derived: bool = False) -> None:
        self.namespace = namespace
        self.name = namespace.label
        self.number = number
        self.directory = directory
        self.v4 = "" if derived else f"10.44.0.{number}"
        self.v6 = "" if derived else f"fd44::{number:x}"
        self.derived = derived
        self.at: Attachment | None = None
        self.binary = release_binary()
        self.wrapper: list[str] = []
        self.env: dict[str, str] = {}
        self.tables: dict[str, dict[str, Any]] = {
            "node": {"name": self.name, "role": "full"},
            "network": {},
            "monitoring": {"log_format": "json"},
        }
        if not derived:
            self.tables["network"] = {"tun_addr": f"{self.v4}/16", "tun_addr6": f"{self.v6}/64"}
        self.peers: list[PeerEntry] = []
        self.config_text = ""   # instead of tables and peers
        self.daemon: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        directory.mkdir(parents=True)
        self.state_directory = directory / "state"
        self.socket_path = directory / "ctl"
        self.config_path = directory / "config.toml"
        self.log_path = directory / "daemon.log"
        self.id = str(self.create_identity()["node_id"])

    # --- Before the start ------------------------------------------------------------------------

    def create_identity(self) -> dict[str, Any]:
        return json.loads(process.run([str(self.binary), "id", "--json",
                                       "--state-dir", str(self.state_directory)]))

    def entry(self, endpoints: list[str] | None = None,
              subnets: list[str] | None = None) -> PeerEntry:
        """How another host lists this one; by default with its underlay endpoints."""
        if endpoints is None:
            endpoints = self.at.endpoints() if self.at else []
        return PeerEntry(self.id, self.name, endpoints, subnets or [])

    def write_config(self) -> None:
        self.config_path.write_text(self.config_text or to_toml(self.tables, self.peers))

    # --- The daemon ------------------------------------------------------------------------------

    def start_command(self) -> list[str]:
        return [*self.wrapper, str(self.binary), "start", "--config", str(self.config_path),
                "--state-dir", str(self.state_directory), "--socket", str(self.socket_path)]

    def launch(self) -> None:
        """Starts the daemon without waiting for it."""
        self.write_config()
        self.started_at = time.monotonic()
        self.daemon = process.spawn(self.namespace.command(self.start_command()), self.log_path,
                                    env={**os.environ, **self.env})

    def start(self) -> None:
        self.launch()
        self.wait_ready()

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> float:
        """Until the control socket answers and the overlay addresses can be bound."""
        def ready() -> bool:
            if self.daemon is None or self.daemon.poll() is not None:
                code = None if self.daemon is None else self.daemon.returncode
                raise AssertionError(f"{self.name}: the daemon ended with {code} at its start")
            status = self.try_ask("status")
            return status is not None and self._bindable(status["overlay_addresses"])
        seconds = process.wait_until(ready, timeout_s, f"{self.name} answers on its socket")
        if self.derived:
            for address in self.ask("status")["overlay_addresses"]:
                plain = address.split("/")[0]
                if ":" in plain:
                    self.v6 = plain
                else:
                    self.v4 = plain
        return seconds

    def _bindable(self, addresses: list[str]) -> bool:
        with self.namespace.entered():
            for address in addresses:
                plain = address.split("/")[0]
                family = socket.AF_INET6 if ":" in plain else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as probe:
                    try:
                        probe.bind((plain, 0))
                    except OSError:
                        return False
        return True

    def stop(self, timeout_s: float = 10) -> int:
        """SIGTERM; the exit code."""
        assert self.daemon is not None
        return process.end(self.daemon, timeout_s=timeout_s)

    def kill(self) -> None:
        """As a crash does it: SIGKILL."""
        assert self.daemon is not None
        process.end(self.daemon, signal.SIGKILL)

    def running(self) -> bool:
        return self.daemon is not None and self.daemon.poll() is None

    # --- Asking it -------------------------------------------------------------------------------

    def ask(self, request: str, timeout_s: float = 5, **fields: Any) -> dict[str, Any]:
        """One request over the control socket itself, which is faster than a CLI process."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(self.socket_path))
            line = json.dumps({"v": 1, "request": request, **fields})
            connection.sendall(line.encode() + b"\n")
            reply = bytearray()
            while not reply.endswith(b"\n"):
                chunk = connection.recv(65536)
                if not chunk:
                    raise ConnectionError("the control socket closed without an answer")
                reply += chunk
        return json.loads(reply)

    def try_ask(self, request: str) -> dict[str, Any] | None:
        """As ask(); None while no daemon answers."""
        try:
            return self.ask(request, timeout_s=2)
        except (OSError, ConnectionError):
            return None

    def cli(self, verb: str, *arguments: str,
            timeout_s: float = 15) -> subprocess.CompletedProcess[str]:
        """The CLI as a person runs it; the caller judges exit code and text."""
        return self.namespace.try_run([str(self.binary), verb, "--socket", str(self.socket_path),
                                       *arguments], timeout_s)

    def cli_json(self, verb: str, *arguments: str) -> dict[str, Any]:
        """The CLI's --json output, parsed; the command must succeed."""
        done = self.cli(verb, "--json", *arguments)
        assert done.returncode == 0, \
            f"{self.name}: {verb}: exit {done.returncode}: {done.stderr.strip()}"
        return json.loads(done.stdout)

    def peer(self, other: "Host | str") -> dict[str, Any]:
        """What this host's daemon says of one peer."""
        wanted = other if isinstance(other, str) else other.id
        for peer in self.ask("peers")["peers"]:
            if wanted in (peer["node_id"], peer["name"]):
                return peer
        raise AssertionError(f"{self.name} knows no peer {wanted}")

    def connected_names(self) -> set[str]:
        peers = self.try_ask("peers") or {"peers": []}
        return {peer["name"] for peer in peers["peers"] if peer["state"] == "connected"}

    def counters(self) -> dict[str, int]:
        return {counter["name"]: counter["value"] for counter in self.ask("status")["counters"]}

    # --- Its log ---------------------------------------------------------------------------------

    def log_records(self) -> list[dict[str, str]]:
        """JSON log lines; anything else (a sanitizer report) is kept as a record of its own."""
        records = []
        for line in self.log_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                record = {"level": "text", "module": "", "message": line}
            records.append(record)
        return records

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def connect_all(hosts: Sequence[Host]) -> None:
    """A complete graph: every host lists every other with its endpoints."""
    for host in hosts:
        host.peers = [other.entry() for other in hosts if other is not host]


def complete(hosts: Sequence[Host]) -> bool:
    """Every host is connected to every other of the list."""
    names = {host.name for host in hosts}
    return all(names - {host.name} <= host.connected_names() for host in hosts)
