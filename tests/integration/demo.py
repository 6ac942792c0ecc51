#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/demo shows once the daemon is built: a real overlay of three hosts, from the outside
and from the inside."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time

from lib import process
from lib.capture import Capture, frames
from lib.host import Host, complete
from lib.lab import Lab, run_test
from lib.traffic import Iperf, ping, received_megabits_per_second, tcp_transfer
from lib.underlay import PORT, Switch

NAMES = ["alice", "bob", "carol"]
TRANSFER_SECONDS = 4
MARKER_REPEATS = 2000
TERMINAL = sys.stdout.isatty()


def heading(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if TERMINAL else f"\n{text}\n{'-' * len(text)}", flush=True)


def command(host: Host, *words: str) -> str:
    """Runs the CLI at a host and shows it as it was typed. What it printed."""
    arguments = [str(host.binary), *words, "--socket", str(host.socket_path)]
    done = host.namespace.try_run(arguments, timeout_s=70)
    print(f"{host.name}# quicether {' '.join(words)}")
    print("\n".join("  " + line for line in (done.stdout + done.stderr).rstrip().splitlines()),
          flush=True)
    assert done.returncode == 0, f"quicether {' '.join(words)} ended with {done.returncode}"
    return done.stdout


def bring_up(hosts: list[Host]) -> None:
    heading("Three hosts, one switch between them, a daemon on each")
    for host in hosts:
        host.start()
        assert host.at
        print(f"  {host.name:6} underlay {host.at.v4}, {host.at.v6}   node {host.id[:12]}")


def make_network(hosts: list[Host]) -> None:
    heading("A network: made on one host, joined by the others, no server")
    admin, *others = hosts
    command(admin, "network", "create", "demo")
    token = command(admin, "invite", "--uses", str(len(others))).splitlines()[0]
    begin = time.monotonic()
    for host in others:
        command(host, "join", token)
    process.wait_until(lambda: complete(hosts), 10, "the hosts are connected")
    print(f"  complete mesh {time.monotonic() - begin:.2f} s after the first join")
    for host in hosts:
        host.wait_ready()
    command(admin, "members")


def ask_daemons(hosts: list[Host]) -> None:
    heading("What the daemons say")
    command(hosts[0], "status")
    command(hosts[0], "peers")
    command(hosts[0], "routes")
    command(hosts[0], "ping", "bob", "-c", "3", "-i", "0.2")


def ping_everyone(hosts: list[Host]) -> None:
    heading("ping through the overlay, every direction, IPv4 and IPv6")
    for source, target in itertools.permutations(hosts, 2):
        texts = []
        for address in (target.v4, target.v6):
            result = ping(source.namespace, address, count=3, interval_s=0.05)
            assert result.received == result.sent, f"{source.name} → {target.name}: {result.text}"
            texts.append(f"{address} {result.received}/{result.sent} "
                         f"{result.median_rtt_ms():.2f} ms")
        print(f"  {source.name:6} → {target.name:6} {'   '.join(texts)}", flush=True)


def transfer(lab: Lab, hosts: list[Host]) -> None:
    heading("TCP through the overlay (iperf3, CUBIC; both ends share this machine)")
    for number, (source, target, address) in enumerate((
            (hosts[0], hosts[1], hosts[1].v4), (hosts[1], hosts[2], hosts[2].v6))):
        iperf = Iperf(source.namespace, target.namespace, address, lab.directory / f"i{number}",
                      ("-t", str(TRANSFER_SECONDS)))
        rate = received_megabits_per_second(iperf.finish(TRANSFER_SECONDS + 20))
        print(f"  {source.name} → {target.name} ({address}): {rate:.0f} Mbit/s", flush=True)


def occurrences(capture: Capture, marker: bytes) -> tuple[int, int]:
    """Packets in a capture, and how many of them hold the marker."""
    packets = list(frames(capture.stop()))
    return len(packets), sum(marker in packet for packet in packets)


def what_the_network_sees(lab: Lab, switch: Switch, hosts: list[Host]) -> None:
    heading("What the network in between gets to see")
    source, target = hosts[0], hosts[1]
    assert target.at
    marker = f"top-secret-{secrets.token_hex(8)}".encode()
    inside = Capture(target.namespace, "quicether0", lab.directory / "tun.pcap")
    outside = Capture(switch.namespace, target.at.port, lab.directory / "underlay.pcap")
    sent = tcp_transfer(source.namespace, target.namespace, target.v4, marker * MARKER_REPEATS)
    time.sleep(0.3)
    tun, tun_hits = occurrences(inside, marker)
    wire, wire_hits = occurrences(outside, marker)
    print(f"  {source.name} sent {target.name} {sent.size} bytes of '{marker.decode()}'")
    print(f"  on {target.name}'s TUN device: {tun:4} packets, {tun_hits} with the marker in them")
    print(f"  on the underlay:         {wire:4} packets, {wire_hits} with the marker in them, "
          "such as")
    lines = target.namespace.run(["tcpdump", "-n", "-t", "-c", "3", "-r", str(outside.file),
                                  f"udp port {PORT}"])
    print("\n".join("    " + line[:96] for line in lines.splitlines()))
    assert sent.intact
    assert tun_hits > 0, "the marker never came out of the tunnel"
    assert wire > 0 and wire_hits == 0, "the underlay saw plaintext"


def take_down(hosts: list[Host]) -> None:
    heading("The end")
    codes = [host.stop() for host in hosts]
    left = [line for host in hosts
            for line in host.namespace.show("-o addr").splitlines() if "quicether" in line]
    print(f"  daemons ended with {codes}; overlay addresses left on the hosts: "
          f"{left or 'none'}")
    assert codes == [0] * len(hosts) and not left


def demo(lab: Lab) -> None:
    switch = lab.switch()
    hosts = lab.hosts_on(switch, NAMES, derived=True)
    bring_up(hosts)
    make_network(hosts)
    ask_daemons(hosts)
    ping_everyone(hosts)
    transfer(lab, hosts)
    what_the_network_sees(lab, switch, hosts)
    take_down(hosts)


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    sys.exit(run_test(demo))
