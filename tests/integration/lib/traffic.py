# SPDX-License-Identifier: Apache-2.0
"""Traffic through the overlay and what became of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Sequence

from . import process
from .namespaces import Namespace

SO_RCVBUFFORCE = 33

_SENT = re.compile(r"(\d+) packets transmitted, (\d+) received")
_REPLY = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) .*time=([\d.]+) ms", re.M)


@dataclass
class PingResult:
    sent: int
    received: int
    reply_times: list[float] = field(default_factory=list)  # UNIX time of each reply, seconds
    rtts_ms: list[float] = field(default_factory=list)
    text: str = ""

    @property
    def lost(self) -> int:
        return self.sent - self.received

    def longest_gap_s(self) -> float:
        """Longest time without a reply, between two replies."""
        gaps = [later - earlier for earlier, later in zip(self.reply_times, self.reply_times[1:])]
        return max(gaps, default=0.0)

    def median_rtt_ms(self) -> float:
        ordered = sorted(self.rtts_ms)
        return ordered[len(ordered) // 2] if ordered else float("nan")


class Ping:
    """A ping that runs beside the test: `count` echoes, one every `interval_s`."""

    def __init__(self, namespace: Namespace, address: str, output: Path, *, count: int,
                 interval_s: float, timeout_s: float = 2) -> None:
        self._output = output
        output.unlink(missing_ok=True)
        self._process = process.spawn(namespace.command(
            ["ping", "-n", "-D", "-c", str(count), "-i", f"{interval_s:g}", "-W",
             f"{timeout_s:g}", address]), output, env={**os.environ, "LC_ALL": "C"})

    def finish(self, timeout_s: float = 60) -> PingResult:
        """Waits for the last echo."""
        self._process.wait(timeout_s)
        return parse_ping(self._output.read_text())

    def stop(self) -> PingResult:
        """Ends it now; an echo still under way counts as lost."""
        process.end(self._process, signal.SIGINT)
        return parse_ping(self._output.read_text())

    def replies(self) -> list[float]:
        """Reply times so far."""
        return parse_ping(self._output.read_text()).reply_times


def parse_ping(text: str) -> PingResult:
    summary = _SENT.search(text)
    replies = _REPLY.findall(text)
    sent, received = (int(summary[1]), int(summary[2])) if summary else (0, len(replies))
    return PingResult(sent, received, [float(reply[0]) for reply in replies],
                      [float(reply[2]) for reply in replies], text)


def ping(namespace: Namespace, address: str, count: int = 3, interval_s: float = 0.1,
         extra: tuple[str, ...] = ()) -> PingResult:
    done = namespace.try_run(["ping", "-n", "-D", "-c", str(count), "-i", f"{interval_s:g}",
                              "-W", "2", *extra, address], timeout_s=count * interval_s + 15)
    return parse_ping(done.stdout + done.stderr)


# --- Sockets of our own ----------------------------------------------------------------------------

def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@dataclass
class Transfer:
    size: int
    seconds: float
    intact: bool

    @property
    def megabits_per_second(self) -> float:
        return self.size * 8 / self.seconds / 1e6


def tcp_transfer(sender: Namespace, receiver: Namespace, address: str, payload: bytes,
                 timeout_s: float = 60) -> Transfer:
    """Sends `payload` to `address` (the receiver's) over TCP and compares hashes at the far end."""
    with receiver.entered():
        listener = socket.create_server((address, 0), family=_family(address))
    listener.settimeout(timeout_s)
    with sender.entered():
        outgoing = socket.socket(_family(address), socket.SOCK_STREAM)
    outgoing.settimeout(timeout_s)
    received: list[str] = []

    def receive() -> None:
        digest = hashlib.sha256()
        connection, _ = listener.accept()
        connection.settimeout(timeout_s)
        with connection:
            while chunk := connection.recv(262144):
                digest.update(chunk)
            connection.sendall(b"done")
        received.append(digest.hexdigest())

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    begin = time.monotonic()
    with listener, outgoing:
        outgoing.connect((address, listener.getsockname()[1]))
        outgoing.sendall(payload)
        outgoing.shutdown(socket.SHUT_WR)
        outgoing.recv(4)
        thread.join(timeout_s)
    return Transfer(len(payload), time.monotonic() - begin,
                    received == [hashlib.sha256(payload).hexdigest()])


def udp_packets(sender: Namespace, receiver: Namespace, address: str, ip_size: int,
                count: int = 10) -> int:
    """Sends UDP packets of `ip_size` bytes, IP header included; how many arrive whole."""
    headers = (40 if ":" in address else 20) + 8
    with receiver.entered():
        sink = socket.socket(_family(address), socket.SOCK_DGRAM)
    sink.bind((address, 0))
    sink.settimeout(2)
    with sender.entered():
        source = socket.socket(_family(address), socket.SOCK_DGRAM)
    arrived = 0
    with sink, source:
        for _ in range(count):
            payload = os.urandom(ip_size - headers)
            source.sendto(payload, sink.getsockname())
            try:
                arrived += sink.recv(65536) == payload
            except TimeoutError:
                pass
    return arrived


class UdpStream:
    """Numbered packets of `size` bytes from `sender` to `address`, the receiver's, until stop()."""

    def __init__(self, sender: Namespace, receiver: Namespace, address: str, *, per_second: int,
                 size: int) -> None:
        self._per_second, self._size = per_second, size
        with receiver.entered():
            self._sink = socket.socket(_family(address), socket.SOCK_DGRAM)
        self._sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)  # we may be late
        self._sink.bind((address, 0))
        self._sink.settimeout(1.0)
        with sender.entered():
            self._source = socket.socket(_family(address), socket.SOCK_DGRAM)
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
            due = int((time.monotonic() - begin) * self._per_second)
            # After a stall no burst: what was not sent in time is not sent.
            if due - self.sent > 100:
                begin += (due - self.sent - 100) / self._per_second
                due = self.sent + 100
            for _ in range(due - self.sent):
                self._source.send(struct.pack("!Q", self.sent).ljust(self._size, b"."))
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


# --- iperf3 ------------------------------------------------------------------------------------------

class Iperf:
    """An iperf3 TCP transfer with CUBIC: most hosts run it, whatever this machine's default is.

    `stop`: iperf3's own options for the end, ("-t", "10") or ("-n", "2G"), and any others.
    """

    def __init__(self, client: Namespace, server: Namespace, address: str, directory: Path,
                 stop: Sequence[str], congestion: str = "cubic") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._result = directory / "iperf3-client.json"
        self._result.unlink(missing_ok=True)
        self._server = process.spawn(
            server.command(["iperf3", "-s", "-1", "-B", address]), directory / "iperf3-server.log")
        process.wait_until(lambda: "LISTEN" in server.run(["ss", "-Htln", "sport", "=", ":5201"]),
                           5, "iperf3 listens")
        self._client = process.spawn(
            client.command(["iperf3", "-J", "-i", "0.1", "-C", congestion, "-c", address, *stop]),
            self._result)

    def running(self) -> bool:
        return self._client.poll() is None

    def finish(self, timeout_s: float) -> dict[str, Any]:
        """iperf3's JSON result; an error in it fails the test."""
        try:
            self._client.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.end(self._client, signal.SIGKILL)
            process.end(self._server, signal.SIGKILL)
            raise AssertionError(f"iperf3 did not end within {timeout_s:g} s") from None
        process.end(self._server)
        result = json.loads(self._result.read_text())
        assert "error" not in result, f"iperf3: {result['error']}"
        return result


def received_megabits_per_second(result: dict[str, Any]) -> float:
    return result["end"]["sum_received"]["bits_per_second"] / 1e6


def received_bytes(result: dict[str, Any]) -> int:
    return int(result["end"]["sum_received"]["bytes"])
