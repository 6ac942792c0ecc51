#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""The daemon and its host: what it takes, what it refuses to take, and what it gives back."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Callable

from lib import process
from lib.host import Host
from lib.lab import Lab, run_test
from lib.tables import show

ROWS: list[list[object]] = []
OUR_ROUTES = "proto 157"


def note(what: str, observed: object) -> None:
    ROWS.append([what, observed])


def last_sentence(host: Host) -> str:
    """The message of the last log record."""
    lines = [line for line in host.log_path.read_text().splitlines() if line.startswith("{")]
    return str(json.loads(lines[-1])["message"]) if lines else "(nothing)"


def refused_start(host: Host) -> str:
    """Starts a daemon that must end by itself with exit code 1; why it says so."""
    host.launch()
    assert host.daemon is not None
    code = host.daemon.wait(timeout=20)
    assert code == 1, f"exit code {code} instead of 1"
    return last_sentence(host)


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    process.wait_until(condition, 10, what)


def problems(host: Host) -> list[str]:
    return list(host.ask("status")["problems"])


def test_leaves_no_trace(host: Host) -> None:
    host.start()
    address = host.namespace.show("-o addr show dev quicether0")
    assert f"{host.v4}/16" in address and f"{host.v6}/64" in address
    assert "fe80" not in address, "the kernel's link-local address only makes noise"
    assert host.stop() == 0
    assert "quicether0" not in host.namespace.show("link")
    assert not host.socket_path.exists()
    note("SIGTERM", "exit 0; no interface, address, route or socket left")


def test_crash(host: Host) -> None:
    host.start()
    host.kill()
    assert host.socket_path.exists(), "kill -9 cannot have removed the socket"
    assert "quicether0" not in host.namespace.show("link")
    host.start()
    note("kill -9, then start", "starts over the stale socket and lock")
    assert host.stop() == 0


def test_two_daemons(host: Host, other: Host) -> None:
    host.start()
    other.socket_path = host.socket_path
    note("same control socket", refused_start(other))
    other.socket_path = other.directory / "ctl"
    other.state_directory = host.state_directory
    note("same state directory", refused_start(other))
    other.state_directory = other.directory / "state"
    other.tables["network"] = {"tun_addr": "10.45.0.1/16", "tun_addr6": "fd45::1/64",
                               "tun_name": "quicether1"}
    note("same UDP port", refused_start(other))
    other.tables["discovery"] = {"dht_port": 9001}
    other.tables["network"]["tun_name"] = "quicether0"
    note("same interface name", refused_start(other))
    other.tables["network"]["tun_name"] = "quicether1"
    other.start()
    assert other.stop() == 0
    note("all different", "both run")
    assert host.stop() == 0


def test_overlaps_at_start(host: Host) -> None:
    space = host.namespace
    for address, addition in (
            ("10.44.9.1/24", ["link", "set", "lan1", "up"]),
            ("192.0.2.1/24", ["route", "add", "10.44.128.0/17", "via", "192.0.2.254"])):
        space.run(["ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1"])
        space.run(["ip", "addr", "add", address, "dev", "lan0"])
        space.run(["ip", "link", "set", "lan0", "up"])
        space.run(["ip", *addition])
        note(f"lan0 has {address}", refused_start(host))
        assert "quicether0" not in space.show("link"), "refused before anything is touched"
        space.run(["ip", "link", "del", "lan0"])


def test_overlap_while_running(host: Host) -> None:
    space = host.namespace
    host.tables["network"]["tun_name"] = "quicether0"
    host.start()
    space.run(["ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1"])
    space.run(["ip", "addr", "add", "10.44.7.1/24", "dev", "lan0"])
    space.run(["ip", "link", "set", "lan0", "up"])
    wait_for("the overlap is reported", lambda: any("10.44.7.1/24" in p for p in problems(host)))
    note("a LAN inside the overlay's prefix appears", problems(host)[0])
    space.run(["ip", "link", "del", "lan0"])
    wait_for("the problem is over", lambda: not any("10.44" in p for p in problems(host)))
    space.run(["ip", "addr", "del", f"{host.v4}/16", "dev", "quicether0"])
    wait_for("the address is back", lambda: host.v4 in space.show("-o addr show dev quicether0"))
    note("somebody removes our address", "it is put back")
    assert host.stop() == 0


def test_reload(host: Host) -> None:
    assert host.daemon is None or not host.running()
    host.start()
    assert host.daemon is not None
    good = host.config_path.read_text()
    host.config_path.write_text(good + "[no_such_table]\nx = 1\n")
    reply = host.ask("reload")
    note("reload of a bad file", reply.get("message", reply))
    assert reply.get("reply") == "error"
    host.daemon.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert host.try_ask("status") is not None, "a bad file must not end the daemon"
    host.config_path.write_text(good)
    assert host.ask("reload").get("reply") == "reload"


def test_device_deleted(host: Host) -> None:
    host.namespace.run(["ip", "link", "del", "quicether0"])
    assert host.daemon is not None
    assert host.daemon.wait(timeout=10) == 1
    sentences = [json.loads(line)["message"] for line in host.log_path.read_text().splitlines()
                 if line.startswith("{")]
    note("somebody deletes the interface", next(s for s in sentences if "removed" in s))


def test_notifies_when_ready(host: Host) -> None:
    path = str(host.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(10)
        host.env["NOTIFY_SOCKET"] = path
        host.start()
        ready = manager.recv(4096).decode()
        assert ready.startswith("READY=1\n"), ready
        host.ask("reload")
        assert manager.recv(4096).decode().startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(4096).decode().startswith("READY=1\n")
        assert host.stop() == 0
        assert manager.recv(4096).decode() == "STOPPING=1"
    del host.env["NOTIFY_SOCKET"]
    note("sd_notify", "READY, RELOADING, READY, STOPPING")


def test_key_modes(host: Host) -> None:
    key = host.state_directory / "node.key"
    assert oct(key.stat().st_mode & 0o777) == "0o600"
    key.chmod(0o644)
    note("key readable by others", refused_start(host))
    key.chmod(0o600)


def test_privileges(host: Host) -> None:
    host.start()
    status = host.ask("status")
    assert status["reply"] == "status"
    assert host.daemon is not None
    values = dict(line.split(":", 1) for line in
                  Path(f"/proc/{host.daemon.pid}/status").read_text().splitlines())
    kept = {name: values[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs")}
    note("capabilities kept (CAP_NET_ADMIN is 0x1000)", kept)
    assert int(kept["CapEff"], 16) == 0x1000 and int(kept["CapPrm"], 16) == 0x1000
    assert int(kept["CapBnd"], 16) == 0x1000 and kept["NoNewPrivs"] == "1"
    assert host.stop() == 0


def test(lab: Lab) -> None:
    switch = lab.switch()
    host = lab.hosts_on(switch, ["ann"])[0]
    other = Host(host.namespace, 2, host.directory.parent / "second")
    test_leaves_no_trace(host)
    test_crash(host)
    test_key_modes(host)
    test_two_daemons(host, other)
    test_overlaps_at_start(host)
    test_overlap_while_running(host)
    test_notifies_when_ready(host)
    test_privileges(host)
    test_reload(host)
    test_device_deleted(host)
    show("the daemon and its host", ["what", "observed"], ROWS)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(run_test(test))
