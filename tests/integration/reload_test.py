#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""Peers come and go by reload, over SIGHUP and over the CLI, and no other session notices."""

from __future__ import annotations

import signal
import sys

from lib import process
from lib.host import Host, connect_all
from lib.lab import Lab, run_test
from lib.tables import show
from lib.traffic import Ping, ping


def sessions(host: Host) -> dict[str, str]:
    return {peer["name"]: peer["session_id"] for peer in host.ask("peers")["peers"]
            if peer["state"] == "connected"}


def hang_up(host: Host) -> None:
    assert host.daemon
    host.write_config()
    host.daemon.send_signal(signal.SIGHUP)


def add_by_signal(ann: Host, newcomer: Host) -> list[object]:
    before = sessions(ann)
    ann.peers.append(newcomer.entry())
    hang_up(ann)
    process.wait_until(lambda: newcomer.name in ann.connected_names(), 10, "the new peer is there")
    after = sessions(ann)
    kept = all(after.get(name) == session for name, session in before.items())
    assert kept, f"sessions changed: {before} → {after}"
    assert ping(ann.namespace, newcomer.v4).received == 3
    return ["SIGHUP, one peer more", sorted(after), "same session ids" if kept else "CHANGED"]


def remove_by_command(ann: Host, leaver: Host) -> list[object]:
    before = sessions(ann)
    ann.peers = [peer for peer in ann.peers if peer.name != leaver.name]
    ann.write_config()
    reply = ann.cli_json("reload")
    process.wait_until(lambda: leaver.name not in sessions(ann), 5, "the removed peer is gone")
    process.wait_until(lambda: ann.name not in leaver.connected_names(), 5,
                       "the removed peer knows it")
    after = sessions(ann)
    kept = all(after.get(name) == session for name, session in before.items()
               if name != leaver.name)
    assert kept, f"sessions changed: {before} → {after}"
    assert ping(ann.namespace, leaver.v4, count=1).received == 0, "a removed peer still answers"
    return [f"reload, one peer less (applied {reply['applied']})", sorted(after),
            "same session ids" if kept else "CHANGED"]


def later_keys_wait(ann: Host) -> list[object]:
    """What cannot change live is named, and nothing else happens."""
    before = sessions(ann)
    ann.tables["network"]["mtu"] = 1380
    ann.write_config()
    reply = ann.cli_json("reload")
    assert "network.mtu" in reply["needs_restart"], reply
    assert sessions(ann) == before
    del ann.tables["network"]["mtu"]
    return [f"reload, mtu changed (needs restart: {reply['needs_restart']})",
            sorted(before), "same session ids"]


def bad_file(ann: Host) -> list[list[object]]:
    """The daemon goes on with what it had and says what is wrong, whichever way it is asked."""
    before = sessions(ann)
    ann.config_path.write_text(ann.config_path.read_text() + "\n[netwrok]\nmtu = 1400\n")
    done = ann.cli("reload")
    sentence = (done.stderr or done.stdout).strip()
    assert done.returncode == 1, f"reload of a bad file ended with {done.returncode}"
    assert "netwrok" in sentence, f"the sentence does not name the key: {sentence}"
    lines = len(ann.log_records())
    assert ann.daemon
    ann.daemon.send_signal(signal.SIGHUP)
    process.wait_until(lambda: any("netwrok" in record["message"]
                                   for record in ann.log_records()[lines:]), 5,
                       "the log says what is wrong with the file")
    logged = next(record["message"] for record in ann.log_records()[lines:]
                  if "netwrok" in record["message"])
    assert ann.running() and sessions(ann) == before
    return [[f"reload of a bad file: {sentence}", sorted(before), "same session ids"],
            [f"SIGHUP with a bad file: {logged}", sorted(before), "same session ids"]]


def test(lab: Lab) -> None:
    ann, bob, cat, dan = hosts = lab.hosts_on(lab.switch(), ["ann", "bob", "cat", "dan"])
    connect_all(hosts)
    ann.peers = [bob.entry(), cat.entry()]
    for host in hosts:
        host.launch()
    for host in hosts:
        host.wait_ready()
    process.wait_until(lambda: {"bob", "cat"} <= ann.connected_names(), 10, "ann has two peers")
    stream = Ping(ann.namespace, bob.v4, lab.directory / "stream", count=100_000, interval_s=0.02)

    rows = [add_by_signal(ann, dan), remove_by_command(ann, cat), later_keys_wait(ann),
            *bad_file(ann)]
    echoes = stream.stop()
    show("reloads of ann", ["what", "connected after it", "others"], rows)
    print(f"  echoes to bob all the while: {echoes.lost} of {echoes.sent} lost\n")
    assert echoes.lost <= 1  # the one under way when ping was stopped


if __name__ == "__main__":
    sys.exit(run_test(test))
