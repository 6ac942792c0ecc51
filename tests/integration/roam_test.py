#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host's underlay address changes in the middle of a transfer; transfer and session survive."""

from __future__ import annotations

import sys
import time
from typing import Any

from lib import process
from lib.host import Host, complete
from lib.lab import Lab, run_test
from lib.tables import milliseconds, show
from lib.traffic import Iperf, Ping, received_bytes, received_megabits_per_second
from lib.underlay import Switch

TRANSFER_SECONDS = 10
CHANGE_AFTER_SECONDS = 4.0
SAMPLE_SECONDS = 0.1  # iperf3's report interval


def session(host: Host, other: Host) -> dict[str, Any]:
    peer = host.peer(other)
    assert peer["state"] == "connected" and peer["paths"], f"{host.name}: {peer['state']}"
    return {"id": peer["session_id"], "migrations": peer["migrations"],
            "path": f"{peer['paths'][0]['local']} → {peer['paths'][0]['remote']}",
            "direction": peer["paths"][0]["direction"],
            "links": host.counters()["links_established"]}


def longest_stall_s(result: dict[str, Any]) -> float:
    """Longest run of samples in which the sender moved no byte."""
    longest = current = 0.0
    for interval in result["intervals"]:
        moved = interval["sum"]["bytes"] > 0
        current = 0.0 if moved else current + interval["sum"]["seconds"]
        longest = max(longest, current)
    return longest


def change_in_mid_transfer(lab: Lab, switch: Switch, mover: Host, number: int,
                           dialler: Host, listener: Host) -> dict[str, Any]:
    """Moves `mover` while the dialler sends to the listener; everything seen of it."""
    before = {host.name: session(host, other)
              for host, other in ((dialler, listener), (listener, dialler))}
    transfer = Iperf(dialler.namespace, listener.namespace, listener.v4,
                     lab.directory / f"iperf-{number}", ("-t", str(TRANSFER_SECONDS)))
    stream = Ping(dialler.namespace, listener.v4, lab.directory / f"stream-{number}",
                  count=int((TRANSFER_SECONDS + 1) * 100), interval_s=0.01)
    time.sleep(CHANGE_AFTER_SECONDS)
    assert transfer.running() and mover.at
    switch.renumber(mover.at, number)
    result = transfer.finish(timeout_s=60)
    echoes = stream.finish()
    process.wait_until(lambda: complete([dialler, listener]), 10, "both are connected")
    after = {host.name: session(host, other)
             for host, other in ((dialler, listener), (listener, dialler))}
    return {"before": before, "after": after, "result": result, "echoes": echoes}


def report(title: str, seen: dict[str, Any], dialler: Host, listener: Host) -> None:
    before, after = seen["before"], seen["after"]
    rows = []
    for host in (dialler, listener):
        for key in ("id", "path", "direction", "migrations", "links"):
            rows.append([f"{host.name}: {key}", before[host.name][key], after[host.name][key]])
    show(title, ["what", "before", "after"], rows)
    show("the transfer (TCP CUBIC) and a 10 ms echo stream beside it", ["what", "observed"], [
        ["received", f"{received_bytes(seen['result']) / 1e6:.0f} MB at "
                     f"{received_megabits_per_second(seen['result']):.0f} Mbit/s"],
        ["longest stall of the transfer", f"{milliseconds(longest_stall_s(seen['result']))} "
                                          f"(samples of {milliseconds(SAMPLE_SECONDS)})"],
        ["longest gap between echoes", milliseconds(seen["echoes"].longest_gap_s())],
        ["echoes lost", f"{seen['echoes'].lost} of {seen['echoes'].sent}"]])


def check(seen: dict[str, Any], mover: Host, dialler: Host, listener: Host) -> None:
    assert received_bytes(seen["result"]) > 0
    last = seen["result"]["intervals"][-5:]
    assert sum(interval["sum"]["bytes"] for interval in last) > 0, "the transfer never came back"
    for host in (dialler, listener):
        before, after = seen["before"][host.name], seen["after"][host.name]
        assert before["id"] == after["id"], f"{host.name}: the session is another one"
        assert mover.at
        assert mover.at.v4 in after["path"] or mover.at.v6 in after["path"], \
            f"{host.name}: the path is {after['path']}"


def test(lab: Lab) -> None:
    switch = lab.switch()
    dialler, listener = lab.hosts_on(switch, ["ann", "bob"])
    for host in (dialler, listener):
        host.tables["discovery"] = {"lan": False}  # else both would dial
    # Only the dialler knows an endpoint, so that it is the QUIC client.
    dialler.peers = [listener.entry(endpoints=[listener.at.endpoint4()])]
    listener.peers = [dialler.entry(endpoints=[])]
    listener.start()
    dialler.start()
    process.wait_until(lambda: complete([dialler, listener]), 10, "both are connected")

    seen = change_in_mid_transfer(lab, switch, dialler, 101, dialler, listener)
    report("(a) the dialling host moves", seen, dialler, listener)
    check(seen, dialler, dialler, listener)
    before, after = seen["before"], seen["after"]
    assert after["ann"]["links"] == before["ann"]["links"], "there was a new handshake"
    assert after["bob"]["links"] == before["bob"]["links"], "there was a new handshake"
    assert after["ann"]["migrations"] > before["ann"]["migrations"]
    assert after["bob"]["migrations"] > before["bob"]["migrations"]

    seen = change_in_mid_transfer(lab, switch, listener, 102, dialler, listener)
    report("(b) the accepting host moves", seen, dialler, listener)
    check(seen, listener, dialler, listener)


if __name__ == "__main__":
    sys.exit(run_test(test))
