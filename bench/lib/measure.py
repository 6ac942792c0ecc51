# SPDX-License-Identifier: Apache-2.0
"""Figures of one started contender. Every figure is a number, or absent if it could not be had."""

from __future__ import annotations

import json
import math
import os
import select
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

from lib import process
from lib.traffic import Iperf, Ping, PingResult, received_bytes, received_megabits_per_second

from contenders import FAR, NEAR, Contender

PING_INTERVAL_S = 0.01
LOSS_MAX = 0.001        # below this share of lost packets a rate counts as loss-free
SEARCH_STEPS = 6
FIRST_PING_TIMEOUT_S = 20
UDP_TIMEOUT_S = 6       # of a transfer of one second
HEADERS = 28            # IPv4 and UDP
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def _sysctl(name: str) -> int:
    return int(Path("/proc/sys/net/core", name).read_text())


UDP_BUFFER = min(_sysctl("rmem_max"), _sysctl("wmem_max"), 4 << 20)


# --- Processes ------------------------------------------------------------------------------------

def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes so far (/proc/PID/stat; threads included)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / CLOCK_TICKS


def run_seconds(pids: list[int]) -> float:
    """As cpu_seconds, in nanosecond steps, which idle processes need; living threads only."""
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def memory_kilobytes(pid: int, key: str) -> int:
    """A size of /proc/PID/status, in KB of 1024 bytes: VmRSS, VmHWM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise LookupError(f"process {pid} has no {key}")


def rss_megabytes(pids: list[int]) -> float:
    """Resident memory of the larger end, in MB (10^6 bytes)."""
    return max(memory_kilobytes(pid, "VmRSS") * 1024 / 1e6 for pid in pids)


# --- Round trips ----------------------------------------------------------------------------------

def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def _echo_request(identifier: int, sequence: int) -> bytes:
    head = struct.pack(">BBHHH", 8, 0, 0, identifier, sequence)
    return struct.pack(">BBHHH", 8, 0, _checksum(head), identifier, sequence)


def _first_reply(contender: Contender) -> None:
    """Sends an echo every 2 ms from the near end until one is answered."""
    with contender.link.namespaces[NEAR].entered():
        probe = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    probe.setblocking(False)
    target, identifier = contender.address(FAR), os.getpid() & 0xFFFF
    deadline = time.monotonic() + FIRST_PING_TIMEOUT_S
    with probe:
        for sequence in range(1 << 16):
            try:
                probe.sendto(_echo_request(identifier, sequence), (target, 0))
            except OSError:
                pass    # no route yet
            if select.select([probe], [], [], 0.002)[0]:
                packet, source = probe.recvfrom(2048)
                kind, _, _, echoed = struct.unpack_from(">BBHH", packet, 20)
                if kind == 0 and echoed == identifier and source[0] == target:
                    return
            if time.monotonic() > deadline:
                break
    contender.fail_if_ended()
    raise AssertionError(f"no ping was answered within {FIRST_PING_TIMEOUT_S} s")


def start_to_first_ping_ms(contender: Contender) -> float:
    """The near end joins a far end that runs already: from its launch to the first echo reply."""
    begin = time.monotonic()
    contender.start(NEAR)
    _first_reply(contender)
    return (time.monotonic() - begin) * 1e3


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def _ping(contender: Contender, seconds: float, directory: Path) -> Ping:
    return Ping(contender.link.namespaces[NEAR], contender.address(FAR), directory / "ping.txt",
                count=round(seconds / PING_INTERVAL_S), interval_s=PING_INTERVAL_S)


def _rtt_figures(result: PingResult, kind: str) -> dict[str, float]:
    assert result.rtts_ms, "no ping was answered"
    return {f"rtt_{kind}_p50_ms": percentile(result.rtts_ms, 0.5),
            f"rtt_{kind}_p99_ms": percentile(result.rtts_ms, 0.99),
            f"rtt_{kind}_lost": result.lost}


def idle_rtt(contender: Contender, seconds: float, directory: Path) -> dict[str, float]:
    return _rtt_figures(_ping(contender, seconds, directory).finish(), "idle")


# --- TCP ------------------------------------------------------------------------------------------

def _iperf(contender: Contender, client: int, directory: Path, options: list[str]) -> Iperf:
    sides = contender.link.namespaces
    return Iperf(sides[client], sides[1 - client], contender.address(1 - client), directory,
                 tuple(options))  # type: ignore[arg-type]


def tcp(contender: Contender, seconds: float, directory: Path) -> dict[str, float]:
    """One and four CUBIC streams both ways, and what all of them cost the tunnel's processes."""
    figures: dict[str, float] = {}
    pids, total = contender.pids(), 0
    before = cpu_seconds(pids)
    for streams in (1, 4):
        for client, way in ((NEAR, "out"), (FAR, "back")):
            result = _iperf(contender, client, directory,
                            ["-t", f"{seconds:g}", "-P", str(streams)]).finish(seconds + 30)
            total += received_bytes(result)
            figures[f"tcp_{streams}_{way}_mbps"] = received_megabits_per_second(result)
    if pids:
        figures["cpu_s_per_gb"] = (cpu_seconds(pids) - before) / (total / 1e9)
    return figures


def loaded_rtt(contender: Contender, seconds: float, directory: Path) -> dict[str, float]:
    """Pings beside four TCP streams, which begin half a second earlier."""
    load = _iperf(contender, NEAR, directory, ["-t", f"{seconds + 1:g}", "-P", "4"])
    time.sleep(0.5)
    figures = _rtt_figures(_ping(contender, seconds, directory).finish(), "load")
    load.finish(seconds + 30)
    return figures


# --- UDP ------------------------------------------------------------------------------------------

def _udp_run(contender: Contender, ip_size: int, rate_pps: float,
             directory: Path) -> tuple[float, float, float]:
    """One second at a rate (0: as fast as iperf3 can): packets/s sent, received; share lost.

    iperf3 waits for ever if the one datagram that opens its UDP stream is lost, or if one of the
    run before comes late and is taken for it: all is lost then.
    """
    payload = ip_size - HEADERS
    near, far = contender.link.namespaces
    server = process.spawn(far.command(["iperf3", "-s", "-1", "-B", contender.address(FAR)]),
                           directory / "iperf3-server.log")
    try:
        process.wait_until(lambda: "LISTEN" in far.run(["ss", "-Htln", "sport", "=", ":5201"]),
                           5, "iperf3 listens")
        # Its warning about large packets comes on stderr, apart from the JSON.
        done = near.try_run(["iperf3", "-J", "-u", "-t", "1", "-l", str(payload), "-w",
                             str(UDP_BUFFER), "-b", f"{rate_pps * payload * 8:.0f}",
                             "-c", contender.address(FAR)], UDP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return rate_pps, 0.0, 1.0
    finally:
        process.end(server)
    result = json.loads(done.stdout)
    assert "error" not in result, f"iperf3: {result['error']}"
    result = result["end"]
    sent = result["sum_sent"]["packets"]
    received = min(sent, result["sum_received"]["packets"] - result["sum_received"]["lost_packets"])
    seconds = result["sum_sent"]["seconds"]
    return sent / seconds, received / seconds, 1 - received / max(1, sent)


def _passes(contender: Contender, ip_size: int, rate_pps: float, directory: Path) -> float:
    """Received packets/s if the rate is loss-free, else 0. A rate that fails is tried once more,
    because the machine itself may have stood still for a moment."""
    for _ in range(2):
        _, received, loss = _udp_run(contender, ip_size, rate_pps, directory)
        if loss < LOSS_MAX:
            return received
    return 0.0


def loss_free_pps(contender: Contender, ip_size: int, directory: Path) -> float:
    """The highest rate of IP packets of `ip_size` bytes at which fewer than 0.1 % are lost, by
    bisection of ratios below what arrives when iperf3 sends as fast as it can. 0: none was found.
    """
    for _ in range(3):
        sent, received, loss = _udp_run(contender, ip_size, 0, directory)
        if received:
            break
    if loss < LOSS_MAX:
        return received
    low, high, best = received * 0.15, min(sent, received * 2), 0.0
    for _ in range(SEARCH_STEPS):
        middle = math.sqrt(low * high)
        rate = _passes(contender, ip_size, middle, directory)
        if rate:
            low, best = middle, max(best, rate)
        else:
            high = middle
    return best


# --- All of it ------------------------------------------------------------------------------------

def idle_cpu(contender: Contender, seconds: float) -> dict[str, float]:
    """Run time of the busier end's process while nothing is sent, in ms per 10 s."""
    before = [run_seconds([pid]) for pid in contender.pids()]
    time.sleep(seconds)
    after = [run_seconds([pid]) for pid in contender.pids()]
    spent = max(late - early for early, late in zip(before, after))
    return {"idle_cpu_ms_per_10s": spent * 1e3 * 10 / seconds}


def measure(contender: Contender, directory: Path, seconds: float, quick: bool) -> dict[str, Any]:
    """One round of one contender; it is started here and stopped by the caller."""
    figures: dict[str, Any] = {}
    directory.mkdir(exist_ok=True)
    contender.start(FAR)
    contender.wait_far_up()
    time.sleep(0.3)
    first = start_to_first_ping_ms(contender)
    time.sleep(1)
    pids = contender.pids()
    if pids:
        figures["first_ping_ms"] = first
        figures["rss_idle_mb"] = rss_megabytes(pids)
        if not quick:
            time.sleep(4)  # path MTU discovery and the like are over
            figures |= idle_cpu(contender, 10)
    figures |= idle_rtt(contender, seconds, directory)
    figures |= tcp(contender, seconds, directory)
    figures |= loaded_rtt(contender, seconds, directory)
    if not quick:
        figures["udp_1400_pps"] = loss_free_pps(contender, 1400, directory)
        figures["udp_1400_mbps"] = figures["udp_1400_pps"] * 1400 * 8 / 1e6
        figures["udp_64_pps"] = loss_free_pps(contender, 64, directory)
    if pids:
        figures["rss_load_mb"] = rss_megabytes(pids)
    contender.fail_if_ended()
    return figures
