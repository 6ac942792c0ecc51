#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""Nodes that know of each other nothing but the id find each other: on the local network, through a
bootstrap node, after both have moved, and from the contacts of the last run."""

from __future__ import annotations

import subprocess
import sys
import time

from lib import process, schema
from lib.host import Host, complete
from lib.lab import Lab, run_test, sanitized
from lib.tables import milliseconds, show
from lib.underlay import Switch

FOUND_SECONDS_MAX = 3.0
MOVED_SECONDS_MAX = 15.0  # a record follows the one before it after five seconds at the earliest
SWARM = "dht test"


def know_ids(hosts: list[Host]) -> None:
    for host in hosts:
        host.peers = [other.entry(endpoints=[]) for other in hosts if other is not host]


def discover(host: Host, **settings: object) -> None:
    host.tables["discovery"] = dict(settings)


def wait_found(hosts: list[Host], limit_s: float, what: str) -> float:
    return process.wait_until(lambda: complete(hosts), 60 if sanitized() else limit_s, what)


def cli(host: Host, code: int, *words: str) -> subprocess.CompletedProcess[str]:
    done = host.namespace.try_run([str(host.binary), "dht", *words, "--socket",
                                   str(host.socket_path)], timeout_s=70)
    assert done.returncode == code, \
        f"dht {' '.join(words)}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done


def cli_json(host: Host, *words: str, code: int = 0) -> dict[str, object]:
    return schema.check(cli(host, code, *words, "--json").stdout, f"dht_{words[0]}")


def forget(host: Host, state: str) -> None:
    for file in host.state_directory.glob(f"{state}.state*"):
        file.unlink()


def found_on_the_lan(lab: Lab) -> list[object]:
    ann, bob = lab.hosts_on(lab.switch(1), ["ann-l", "bob-l"])
    know_ids([ann, bob])
    for host in (ann, bob):
        host.start()
    seconds = wait_found([ann, bob], FOUND_SECONDS_MAX, "two hosts on one LAN find each other")
    heard = ann.counters()["lan_heard"] + bob.counters()["lan_heard"]
    assert heard > 0, "nobody heard anybody"
    assert cli_json(ann, "status")["lan_neighbours"] == 1
    for host in (ann, bob):
        host.stop()
    return ["on one LAN, no bootstrap", milliseconds(seconds)]


def found_through_bootstrap(hosts: list[Host], boot: Host) -> list[object]:
    boot.start()
    for host in hosts:
        host.start()
    seconds = wait_found(hosts[:2], FOUND_SECONDS_MAX, "two hosts find each other by their ids")
    return ["through one bootstrap node", milliseconds(seconds)]


def operators_can_look(ann: Host, bob: Host) -> None:
    process.wait_until(lambda: cli_json(ann, "status")["published_nodes"] > 0, 10,
                       "a record is published")
    status = cli(ann, 0, "status").stdout
    assert "Discovery: " in status and "Record: " in status, status
    assert "contact" in ann.cli("status").stdout
    nodes = cli_json(ann, "nodes")["nodes"]
    assert bob.id in [node["node_id"] for node in nodes], nodes
    found = cli_json(ann, "lookup", bob.name)
    assert found["has_record"] and bob.at.endpoint4() in found["addresses"], found
    assert found["target"] == bob.id

    stored = cli_json(ann, "put", "hello, world")
    assert stored["accepted"] > 0 and not stored["is_mutable"]
    fetched = cli_json(bob, "get", stored["target"])
    assert fetched["text"] == "hello, world" and not fetched["is_mutable"]
    key = ann.ask("status")["public_key"]
    for text in ("first", "second"):
        assert cli_json(ann, "put", "--mutable", "--salt", "news", text)["accepted"] > 0
        time.sleep(0.1)
        assert cli(bob, 0, "get", key, "--salt", "news").stdout == f"{text}\n"
    assert cli_json(bob, "get", key)["is_mutable"], "the record itself is an item"
    somewhere = "5ca1ab1e" * 5
    assert not cli_json(bob, "peers", somewhere, code=1)["peers"]
    assert cli_json(ann, "announce", somewhere, "--port", "7001")["accepted"] > 0
    assert cli(ann, 0, "peers", somewhere).stdout == f"{ann.at.v4}:7001\n"
    assert cli_json(bob, "announce", somewhere)["accepted"] > 0
    assert set(cli_json(ann, "peers", somewhere)["peers"]) >= {f"{ann.at.v4}:7001",
                                                              bob.at.endpoint4()}


def operators_are_told_what_is_wrong(ann: Host) -> None:
    wrong = {("get", "xyz"): "neither 40 hexadecimal digits",
             ("get", "00" * 20, "--salt", "x"): "with a public key",
             ("put", "x" * 997): "longer than 996 bytes",
             ("put", "x", "--salt", "y"): "add --mutable",
             ("put", "x", "--mutable"): "needs a --salt",
             ("put", "x", "--mutable", "--salt", "y" * 65): "longer than 64 bytes",
             ("announce", "xyz"): "does not have 40 hexadecimal digits",
             ("peers", "00" * 21): "does not have 40 hexadecimal digits",
             ("lookup", "nobody"): "no peer is called so"}
    for words, sentence in wrong.items():
        done = cli(ann, 1, *words)
        assert sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr
    nothing = cli(ann, 1, "get", "00" * 20, "--json")
    assert not schema.check(nothing.stdout, "dht_get")["found"]
    cli(ann, 2, "get")
    cli(ann, 2, "put", "--colour", "x")


def found_after_both_moved(switch: Switch, ann: Host, bob: Host) -> list[object]:
    ann.stop()
    forget(ann, "peers")
    forget(ann, "dht")
    switch.renumber(bob.at, 21)
    switch.renumber(ann.at, 22)
    ann.start()
    seconds = wait_found([ann, bob], MOVED_SECONDS_MAX, "two hosts that moved find each other")
    return ["after both have moved", milliseconds(seconds)]


def found_from_the_cache(switch: Switch, ann: Host, bob: Host, boot: Host) -> list[object]:
    process.wait_until(lambda: (ann.state_directory / "dht.state").exists(), 20,
                       "the contacts are written")
    ann.stop()
    forget(ann, "peers")
    boot.kill()
    switch.renumber(bob.at, 31)
    switch.renumber(ann.at, 32)
    ann.start()
    seconds = wait_found([ann, bob], MOVED_SECONDS_MAX, "a host finds its way back without bootstrap")
    return ["bootstrap dead, from the last contacts", milliseconds(seconds)]


def swarms_stay_apart(ann: Host, stranger: Host) -> None:
    """Another text, another swarm: its messages are dropped."""
    stranger.start()
    process.wait_until(lambda: ann.counters()["dht_dropped_mac"] > 0, 20,
                       "a stranger's messages are dropped")
    assert cli_json(stranger, "status")["state"] == "alone"
    assert stranger.id not in [node["node_id"] for node in cli_json(ann, "nodes")["nodes"]]


def test(lab: Lab) -> None:
    rows = [found_on_the_lan(lab)]
    switch = lab.switch()
    ann, bob, cat, boot, stranger = lab.hosts_on(switch, ["ann", "bob", "cat", "boot", "stranger"])
    know_ids([ann, bob])
    for host in (ann, bob, cat):
        discover(host, lan=False, swarm=SWARM, bootstrap_nodes=[boot.at.endpoint4()])
    discover(boot, lan=False, swarm=SWARM, bootstrap_mode=True)
    rows.append(found_through_bootstrap([ann, bob, cat], boot))
    operators_can_look(ann, bob)
    operators_are_told_what_is_wrong(ann)
    rows.append(found_after_both_moved(switch, ann, bob))
    rows.append(found_from_the_cache(switch, ann, bob, boot))
    discover(stranger, lan=False, swarm="another", bootstrap_nodes=[ann.at.endpoint4()])
    swarms_stay_apart(ann, stranger)
    show("nodes that know each other's ids only", ["how", "found after"], rows)


if __name__ == "__main__":
    sys.exit(run_test(test))
