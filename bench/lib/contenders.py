# SPDX-License-Identifier: Apache-2.0
"""The tunnels that bench/peers compares, each between the same two namespaces.

A contender is made once, prepared (keys and configurations, not timed), started at the far end and
then at the near end, and stopped. Every one runs with its own defaults except the inner MTU, which
is the same for all, so that all of them carry packets of the same size. No contender uses a kernel
data path.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib import process
from lib.host import Host, connect_all, release_binary
from lib.lab import Lab
from lib.namespaces import Namespace
from lib.underlay import Attachment

from debian_programs import Unavailable, installed, newest
from programs import bench_program

NEAR, FAR = 0, 1
INNER_MTU = 1420
READY_TIMEOUT_S = 20


@dataclass
class Link:
    """Two namespaces joined by one veth pair."""
    namespaces: list[Namespace]
    addresses: list[str]
    addresses6: list[str]
    interface: str = "eth0"

    def attachment(self, side: int) -> Attachment:
        return Attachment(self.namespaces[side], self.interface, "", self.addresses[side],
                          self.addresses6[side])


def make_link(lab: Lab) -> Link:
    sides = [lab.namespace("near"), lab.namespace("far")]
    link = Link(sides, ["198.51.100.1", "198.51.100.2"], ["2001:db8:1::1", "2001:db8:1::2"])
    sides[NEAR].ip(f"link add {link.interface} type veth peer name {link.interface} "
                   f"netns {sides[FAR].name}")
    for side, namespace in enumerate(sides):
        namespace.ip(f"link set {link.interface} up",
                     f"addr add {link.addresses[side]}/24 dev {link.interface}",
                     f"addr add {link.addresses6[side]}/64 dev {link.interface} nodad")
    return link


class Contender:
    """The raw link itself, and the base of all tunnels over it."""

    name = "raw link"

    def __init__(self, link: Link, directory: Path) -> None:
        self.link = link
        self.directory = directory
        self.version = ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def obtain(self) -> None:
        """Programs and their versions; Unavailable says why there are none."""

    def prepare(self) -> None:
        """Keys and configurations in an empty directory."""

    def start(self, side: int) -> None:
        """Launches one end; need not wait for it."""

    def address(self, side: int) -> str:
        return self.link.addresses[side]

    def pids(self) -> list[int]:
        return [one.pid for one in self.processes]

    def stop(self) -> None:
        for one in self.processes:
            try:
                process.end(one)
            except subprocess.TimeoutExpired:
                pass    # it was killed
        self.processes.clear()

    def wait_far_up(self) -> None:
        """Until the far end's inner address exists."""
        process.wait_until(lambda: self._bindable(FAR), READY_TIMEOUT_S, f"{self.name} is up")

    def fail_if_ended(self) -> None:
        for one in self.processes:
            if one.poll() is not None:
                raise AssertionError(f"{self.name} ended with {one.returncode}: {self.log_tail()}")

    def log_tail(self) -> str:
        texts = [log.read_text(errors="replace")[-400:] for log in self.directory.glob("*.log")]
        return " | ".join(" / ".join(text.split("\n")[-4:]) for text in texts)

    def fresh_directory(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    def _bindable(self, side: int) -> bool:
        with self.link.namespaces[side].entered():
            probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with probe:
            try:
                probe.bind((self.address(side), 0))
            except OSError:
                return False
        return True


class QuicEther(Contender):
    name = "quicether"

    def obtain(self) -> None:
        if not release_binary().exists():
            raise Unavailable(f"There is no {release_binary()}; run tools/build first.")
        said = process.run([str(release_binary()), "--version"]).split(None, 1)
        self.version = said[1].strip() if len(said) > 1 else ""

    def prepare(self) -> None:
        self.hosts = []
        for side, label in ((NEAR, "near"), (FAR, "far")):
            host = Host(self.link.namespaces[side], side + 1, self.directory / label)
            host.at = self.link.attachment(side)
            host.tables["network"]["mtu"] = INNER_MTU
            self.hosts.append(host)
        connect_all(self.hosts)

    def start(self, side: int) -> None:
        self.hosts[side].launch()
        daemon = self.hosts[side].daemon
        assert daemon is not None
        self.processes.append(daemon)

    def address(self, side: int) -> str:
        return self.hosts[side].v4

    def wait_far_up(self) -> None:
        self.hosts[FAR].wait_ready()

    def log_tail(self) -> str:
        return " | ".join(host.log_text()[-400:] for host in self.hosts)


class Peer(Contender):
    """Another VPN: inner addresses and interface names."""

    def address(self, side: int) -> str:
        return f"10.45.0.{side + 1}"

    def device(self, side: int) -> str:
        return f"bench{side}"

    def spawn(self, side: int, command: list[str], env: dict[str, str] | None = None) -> None:
        self.processes.append(process.spawn(self.link.namespaces[side].command(command),
                                            self.directory / f"{side}.log",
                                            {**os.environ, **(env or {})}))

    def up_script(self, side: int) -> Path:
        """For programs that leave the interface's addresses to a script."""
        script = self.directory / f"up{side}"
        script.write_text(f"#!/bin/sh\nip link set dev {self.device(side)} mtu {INNER_MTU} up\n"
                          f"ip addr add {self.address(side)}/24 dev {self.device(side)}\n")
        script.chmod(0o755)
        return script


class PlainForwarder(Peer):
    """TUN to UDP and back, one packet per system call, without cryptography: what the simplest
    user-space tunnel costs."""
    name = "plain forwarder"
    MODE = "plain"
    PORT = 9000

    def obtain(self) -> None:
        self.program = bench_program("bench_forwarder")
        if not self.program.exists():
            raise Unavailable(f"There is no {self.program}; run tools/build first.")

    def start(self, side: int) -> None:
        self.spawn(side, [str(self.program), self.MODE, self.device(side), str(self.PORT),
                          f"{self.link.addresses[1 - side]}:{self.PORT}"])
        namespace = self.link.namespaces[side]
        process.wait_until(lambda: self.device(side) in namespace.show("-br link"),
                           READY_TIMEOUT_S, f"{self.name} has its device", 0.001)
        namespace.run([str(self.up_script(side))])


class OffloadedForwarder(PlainForwarder):
    """The same with super-packets on the TUN device, GSO and GRO: the ceiling of our data path."""
    name = "offloaded forwarder"
    MODE = "offloaded"


class WireGuardGo(Peer):
    name = "wireguard-go"
    PORT = 51820

    def obtain(self) -> None:
        self.program, = newest("wireguard-go", "wireguard-go")
        self.wg = installed("wireguard-tools", "wg")
        self.version = self.program.version

    def prepare(self) -> None:
        private = [process.run([self.wg.path, "genkey"]).strip() for _ in (NEAR, FAR)]
        public = [process.run([self.wg.path, "pubkey"], stdin=key).strip() for key in private]
        for side in (NEAR, FAR):
            other = 1 - side
            (self.directory / f"{side}.conf").write_text(
                f"[Interface]\nPrivateKey = {private[side]}\nListenPort = {self.PORT}\n"
                f"[Peer]\nPublicKey = {public[other]}\nAllowedIPs = {self.address(other)}/32\n"
                f"Endpoint = {self.link.addresses[other]}:{self.PORT}\n")

    def start(self, side: int) -> None:
        control = Path("/run/wireguard") / f"{self.device(side)}.sock"
        control.unlink(missing_ok=True)
        self.spawn(side, [self.program.path, "-f", self.device(side)], {"LOG_LEVEL": "error"})
        process.wait_until(control.exists, READY_TIMEOUT_S, "wireguard-go listens", 0.001)
        namespace = self.link.namespaces[side]
        namespace.run([self.wg.path, "setconf", self.device(side),
                       str(self.directory / f"{side}.conf")])
        namespace.ip(f"addr add {self.address(side)}/24 dev {self.device(side)}",
                     f"link set {self.device(side)} mtu {INNER_MTU} up")


class Nebula(Peer):
    name = "nebula"
    PORT = 4242

    def obtain(self) -> None:
        self.program, self.cert = newest("nebula", "nebula", "nebula-cert")
        self.version = self.program.version

    def prepare(self) -> None:
        made = self.directory
        process.run([self.cert.path, "ca", "-name", "bench", "-out-crt", f"{made}/ca.crt",
                     "-out-key", f"{made}/ca.key"])
        for side in (NEAR, FAR):
            process.run([self.cert.path, "sign", "-name", f"host{side}", "-ip",
                         f"{self.address(side)}/24", "-ca-crt", f"{made}/ca.crt", "-ca-key",
                         f"{made}/ca.key", "-out-crt", f"{made}/{side}.crt", "-out-key",
                         f"{made}/{side}.key"])
            (made / f"{side}.yml").write_text(self._config(side))

    def _config(self, side: int) -> str:
        far = f'"{self.address(FAR)}"'
        hosts = f"[{far}]" if side == NEAR else "[]"
        return f"""
pki:
  ca: {self.directory}/ca.crt
  cert: {self.directory}/{side}.crt
  key: {self.directory}/{side}.key
static_host_map: {{{far}: ["{self.link.addresses[FAR]}:{self.PORT}"]}}
lighthouse: {{am_lighthouse: {"true" if side == FAR else "false"}, hosts: {hosts}}}
listen: {{host: 0.0.0.0, port: {self.PORT}}}
tun: {{dev: {self.device(side)}, mtu: {INNER_MTU}}}
logging: {{level: warning}}
firewall:
  outbound: [{{port: any, proto: any, host: any}}]
  inbound: [{{port: any, proto: any, host: any}}]
"""

    def start(self, side: int) -> None:
        self.spawn(side, [self.program.path, "-config", f"{self.directory}/{side}.yml"])


class OpenVpn(Peer):
    """Point to point over UDP with TLS and self-signed certificates known by fingerprint."""
    name = "openvpn"

    def obtain(self) -> None:
        self.program = installed("openvpn", "openvpn")
        self.version = self.program.version + ", no DCO"

    def prepare(self) -> None:
        prints = []
        for side in (NEAR, FAR):
            crt, key = f"{self.directory}/{side}.crt", f"{self.directory}/{side}.key"
            process.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3", "-subj",
                         f"/CN=host{side}", "-keyout", key, "-out", crt])
            said = process.run(["openssl", "x509", "-in", crt, "-noout", "-fingerprint",
                                "-sha256"])
            prints.append(said.strip().split("=")[1])
        for side in (NEAR, FAR):
            self._write_config(side, prints[1 - side])

    def _write_config(self, side: int, fingerprint: str) -> None:
        other = 1 - side
        role = "tls-client\nnobind" if side == NEAR else "tls-server\ndh none"
        remote = f"remote {self.link.addresses[other]} 1194\n" if side == NEAR else ""
        (self.directory / f"{side}.conf").write_text(
            f"{role}\n{remote}dev {self.device(side)}\ndev-type tun\nproto udp4\ndisable-dco\n"
            f"tun-mtu {INNER_MTU}\nifconfig {self.address(side)} {self.address(other)}\n"
            f"cert {self.directory}/{side}.crt\nkey {self.directory}/{side}.key\n"
            f"peer-fingerprint {fingerprint}\nverb 1\n")

    def start(self, side: int) -> None:
        self.spawn(side, [self.program.path, "--config", f"{self.directory}/{side}.conf"])


class Tinc(Peer):
    name = "tinc"

    def obtain(self) -> None:
        self.program = installed("tinc", "tincd")
        self.version = self.program.version

    def prepare(self) -> None:
        public = []
        for side in (NEAR, FAR):
            home = self.directory / str(side)
            (home / "hosts").mkdir(parents=True)
            key = home / "rsa_key.priv"
            process.run(["openssl", "genrsa", "-traditional", "-out", str(key), "2048"])
            public.append(process.run(["openssl", "rsa", "-in", str(key), "-RSAPublicKey_out"]))
            connect = "ConnectTo = host1\n" if side == NEAR else ""
            (home / "tinc.conf").write_text(f"Name = host{side}\nMode = router\n{connect}"
                                            f"Interface = {self.device(side)}\n")
            shutil.copy(self.up_script(side), home / "tinc-up")
        for side in (NEAR, FAR):
            for host in (NEAR, FAR):
                (self.directory / str(side) / "hosts" / f"host{host}").write_text(
                    f"Address = {self.link.addresses[host]}\nSubnet = {self.address(host)}/32\n"
                    f"{public[host]}")

    def start(self, side: int) -> None:
        self.spawn(side, [self.program.path, "-D", "-c", f"{self.directory}/{side}",
                          f"--pidfile={self.directory}/{side}.pid"])


class Fastd(Peer):
    name = "fastd"
    PORT = 10000
    METHOD = "salsa2012+umac"   # what its manual recommends

    def obtain(self) -> None:
        self.program = installed("fastd", "fastd")
        self.version = f"{self.program.version}, {self.METHOD}"

    def prepare(self) -> None:
        made = [subprocess.run([self.program.path, "--generate-key"], capture_output=True,
                               text=True, check=True) for _ in (NEAR, FAR)]
        keys = [dict(re.findall(r"(Secret|Public): ([0-9a-f]{64})", one.stdout + one.stderr))
                for one in made]
        for side in (NEAR, FAR):
            other = 1 - side
            remote = f"remote {self.link.addresses[other]}:{self.PORT};" if side == NEAR else ""
            (self.directory / f"{side}.conf").write_text(
                f'mode tun;\ninterface "{self.device(side)}";\nmtu {INNER_MTU};\n'
                f'method "{self.METHOD}";\nbind {self.link.addresses[side]}:{self.PORT};\n'
                f'secret "{keys[side]["Secret"]}";\nlog level warn;\n'
                f'on up "{self.up_script(side)}";\n'
                f'peer "host{other}" {{ key "{keys[other]["Public"]}"; {remote} }}\n')

    def start(self, side: int) -> None:
        self.spawn(side, [self.program.path, "--config", f"{self.directory}/{side}.conf"])


ALL: list[type[Contender]] = [Contender, PlainForwarder, OffloadedForwarder, QuicEther,
                              WireGuardGo, Nebula, OpenVpn, Tinc, Fastd]

__all__ = ["ALL", "FAR", "NEAR", "Contender", "Link", "Unavailable", "make_link"]
