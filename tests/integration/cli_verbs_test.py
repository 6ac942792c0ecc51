#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""Every verb against a running daemon: exit codes, tables, and JSON that matches its schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from lib import process, schema
from lib.host import REPOSITORY, Host, complete, connect_all
from lib.lab import Lab, run_test
from lib.tables import show

CORPUS = REPOSITORY / "tests/fuzz/corpus/control_reply"
NOT_VALID = {"later-kind", "wrong-type"}
UNPRIVILEGED = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

Row = list[object]


def run_cli(host: Host, code: int, *words: str) -> subprocess.CompletedProcess[str]:
    done = host.cli(*words)
    assert done.returncode == code, \
        f"{' '.join(words)}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done


def samples_match_their_schemas() -> Row:
    names = sorted(path.name for path in CORPUS.iterdir() if path.name not in NOT_VALID)
    for name in names:
        schema.check((CORPUS / name).read_text())
    return ["samples of every reply", f"{len(names)} match their schemas"]


def documents_match_their_schemas(ann: Host, bob: Host) -> Row:
    verbs = {"status": ["status"], "peers": ["peers"], "routes": ["routes"],
             "multipath": ["multipath"], "explain": ["explain", bob.name],
             "version": ["version"], "config": ["config", "show"], "reload": ["reload"],
             "dht_status": ["dht", "status"], "dht_nodes": ["dht", "nodes"]}
    for name, words in verbs.items():
        # `config show --socket`: the flag belongs behind the whole verb.
        done = ann.namespace.try_run([str(ann.binary), *words, "--json", "--socket",
                                      str(ann.socket_path)])
        assert done.returncode == 0, f"{words}: {done.stderr}"
        schema.check(done.stdout, name)
    schema.check(run_cli(ann, 0, "ping", "--json", "-c", "2", "-i", "0.1", bob.name).stdout,
                 "ping_summary")
    lines = run_cli(ann, 0, "logs", "--json", "-n", "3").stdout.splitlines()
    assert 1 <= len(lines) <= 3
    for line in lines:
        schema.check(line, "log")
    return ["--json of a running daemon", f"{len(verbs) + 2} verbs match their schemas"]


def documents_without_a_daemon(ann: Host) -> Row:
    def run(*words: str) -> str:
        return process.run([str(ann.binary), *words, "--json"])

    identity = schema.check(run("id", "--state-dir", str(ann.state_directory)), "id")
    assert identity["node_id"] == ann.id and not identity["created"]
    assert schema.check(run("config", "validate", str(ann.config_path)), "config_check")["valid"]
    copy = ann.directory / "copy.toml"
    copy.write_text("# kept\n[network]\nmtu = 1400  # kept too\n")
    copy.chmod(0o640)
    schema.check(run("config", "set", "network.mtu", "1300", "--config", str(copy)), "config_set")
    assert copy.read_text() == "# kept\n[network]\nmtu = 1300  # kept too\n"
    assert copy.stat().st_mode & 0o777 == 0o640
    schema.check(run("version", "--socket", str(ann.directory / "none")), "version")
    return ["--json without a daemon", "id, config validate, config set, version"]


def tables_have_their_shape(ann: Host, bob: Host) -> Row:
    status = run_cli(ann, 0, "status").stdout
    for label in ("Node ID: " + ann.id, "TUN Interface: quicether0 (", "Connected Peers: 1\n",
                  "Active Paths: 1 ("):
        assert label in status, status
    peers = run_cli(ann, 0, "peers").stdout.splitlines()
    titles = [title.strip() for title in peers[0].split("|")]
    assert titles[:4] == ["NodeID", "Address", "RTT", "Status"], titles
    assert [cell.strip() for cell in peers[1].split("|")][0] == bob.id[:12]
    assert "Connected" in peers[1]
    routes = run_cli(ann, 0, "routes").stdout.splitlines()
    assert [title.strip() for title in routes[0].split("|")][:3] == \
        ["Destination", "Next Hop", "Interface"]
    paths = run_cli(ann, 0, "multipath", bob.name).stdout.splitlines()
    assert [title.strip() for title in paths[0].split("|")][:6] == \
        ["Interface", "Address", "RTT", "Bandwidth", "Packets", "Status"]
    assert "Active" in paths[1] and len(paths) == 2, paths
    explained = run_cli(ann, 0, "explain", bob.name).stdout
    assert explained.startswith(f"{bob.name} ({bob.id[:12]}) is connected."), explained
    assert "Carries packets." in explained, explained
    assert not any("\x1b" in line for line in [status, *peers, *routes, *paths]), \
        "colours in a pipe"
    return ["tables", "the four lines; the four, the three and the six columns"]


def peers_go_by_any_name(ann: Host, bob: Host) -> Row:
    for name in (bob.name, bob.id, bob.id[:8], bob.v4, bob.v6):
        assert "1 received" in run_cli(ann, 0, "ping", name, "-c", "1").stdout
    unknown = run_cli(ann, 1, "ping", "nobody", "--json")
    assert schema.check(unknown.stdout, "error")["kind"] == "unknown_peer"
    return ["ping by name, id, prefix, IPv4, IPv6", "each answered; a stranger's name refused"]


def strangers_are_kept_out(ann: Host) -> Row:
    ann.directory.parent.chmod(0o755)
    ann.directory.chmod(0o755)
    # The binary may lie where only root can read it, so it is handed over as an open file.
    with open(ann.binary, "rb") as binary:
        done = subprocess.run(
            [*UNPRIVILEGED, f"/proc/self/fd/{binary.fileno()}", "stop", "--socket",
             str(ann.socket_path)],
            pass_fds=[binary.fileno()], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no permission" in done.stderr, done
    assert ann.running()
    return ["stop by an unprivileged user", "refused with a sentence"]


def logs_follow(ann: Host) -> Row:
    command = ann.namespace.command([str(ann.binary), "logs", "--follow", "--lines", "0",
                                     "--socket", str(ann.socket_path)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        time.sleep(0.5)
        run_cli(ann, 0, "reload")
        line = follower.stdout.readline()
        follower.terminate()
    assert "host: " in line, line
    return ["logs --follow", "a new record came at once"]


def stop_leaves_nothing(ann: Host) -> Row:
    began = time.monotonic()
    schema.check(run_cli(ann, 0, "stop", "--json").stdout, "stop")
    seconds = time.monotonic() - began
    assert ann.daemon and ann.daemon.poll() == 0, "stop returned before the daemon was gone"
    links = ann.namespace.try_run(["ip", "link", "show", "quicether0"])
    assert links.returncode != 0, "the TUN interface is still there"
    assert not ann.socket_path.exists()
    for words in (["status"], ["peers"], ["ping", "bob"], ["stop"]):
        run_cli(ann, 4, *words)
    error = schema.check(run_cli(ann, 4, "status", "--json").stdout, "error")
    assert error["kind"] == "not_running"
    return ["stop", f"{seconds:.2f} s; no process, interface or socket left; exit code 4 after it"]


def start_in_the_background(ann: Host) -> Row:
    words = [*ann.start_command(), "--daemon", "--json"]
    began = time.monotonic()
    document = schema.check(ann.namespace.run(words), "start")
    seconds = time.monotonic() - began
    status = ann.ask("status")
    assert status["node_id"] == ann.id
    again = ann.namespace.try_run(words)
    assert again.returncode == 1 and "stop it" in again.stderr, again
    run_cli(ann, 0, "stop")
    process.wait_until(lambda: not os.path.exists(f"/proc/{document['pid']}"), 5, "it is gone")
    return ["start --daemon", f"ready after {seconds:.2f} s; a second one is refused"]


def test(lab: Lab) -> None:
    switch = lab.switch()
    ann, bob = lab.hosts_on(switch, ["ann", "bob"])
    connect_all([ann, bob])
    for host in (ann, bob):
        host.start()
    process.wait_until(lambda: complete([ann, bob]), 10, "ann and bob are connected")
    rows = [samples_match_their_schemas(), documents_match_their_schemas(ann, bob),
            documents_without_a_daemon(ann), tables_have_their_shape(ann, bob),
            peers_go_by_any_name(ann, bob), strangers_are_kept_out(ann), logs_follow(ann),
            stop_leaves_nothing(ann), start_in_the_background(ann)]
    show("the command line", ["what", "result"], rows)
    assert json.loads(run_cli(bob, 0, "status", "--json").stdout)["peers_connected"] == 0


if __name__ == "__main__":
    sys.exit(run_test(test))
