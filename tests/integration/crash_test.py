#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""A host's daemon dies without a word and comes back; nobody else minds, nothing stale is left."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time

from lib import process
from lib.host import Host, complete, connect_all
from lib.lab import Lab, run_test
from lib.tables import milliseconds, show
from lib.traffic import Ping, PingResult, ping

NAMES = ["ann", "bob", "cat", "dan", "eve"]
NOTICED_SECONDS_MAX = 5.0
BACK_SECONDS_MAX = 2.0


def host_state(host: Host) -> dict[str, list[str]]:
    """Links, addresses and routes of the namespace, without what changes by itself."""
    space = host.namespace
    return {
        "links": sorted(line.split()[1] for line in space.show("-o link").splitlines()),
        "addresses": sorted(" ".join(line.split()[1:4])
                            for line in space.show("-o addr").splitlines()),
        "routes": sorted(line.strip() for line in space.show("route").splitlines()),
        "routes6": sorted(line.strip() for line in space.show("-6 route").splitlines()),
        "rules": sorted(line.strip() for line in space.show("rule").splitlines()),
        "udp ports": sorted(line.split()[3] for line in
                            space.run(["ss", "-Hulpn"]).splitlines()),
    }


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    return [f"{kind}: {sign}{line}" for kind in before
            for sign, lines in (("-", set(before[kind]) - set(after[kind])),
                                ("+", set(after[kind]) - set(before[kind])))
            for line in sorted(lines)]


def gone_with_the_process(running: dict[str, list[str]], crashed: dict[str, list[str]]) -> str:
    """What a crash takes along by itself, in short."""
    changes = differences(running, crashed)
    gone = {kind: sum(change.startswith(f"{kind}: -") for change in changes) for kind in running}
    return ", ".join(f"{count} {kind}" for kind, count in gone.items() if count)


class Bystanders:
    """Ten pings a second between all pairs of `hosts`, for as long as the test goes on."""

    def __init__(self, lab: Lab, hosts: list[Host], seconds: float) -> None:
        self._pings = {
            (source.name, target.name): Ping(
                source.namespace, target.v4, lab.directory / f"by-{source.name}-{target.name}",
                count=int(seconds * 10), interval_s=0.1)
            for source, target in itertools.permutations(hosts, 2)}

    def finish(self) -> dict[tuple[str, str], PingResult]:
        return {pair: ping.finish() for pair, ping in self._pings.items()}


def notice_time(victim: Host, others: list[Host], died_at: float) -> dict[str, float]:
    """Seconds after which each of the others no longer called the victim connected."""
    noticed: dict[str, float] = {}
    while len(noticed) < len(others):
        for host in others:
            if host.name not in noticed and victim.name not in host.connected_names():
                noticed[host.name] = time.monotonic() - died_at
        assert time.monotonic() - died_at < 2 * NOTICED_SECONDS_MAX, \
            f"the dead peer was noticed by {sorted(noticed)} only"
        time.sleep(0.02)
    return noticed


def flow_time(observer: Ping, restarted_at: float) -> float:
    """Seconds from the restart (UNIX time) to the first echo through the overlay."""
    def flows() -> bool:
        return any(at > restarted_at for at in observer.replies())
    process.wait_until(flows, 10, "traffic flows after the restart")
    return min(at for at in observer.replies() if at > restarted_at) - restarted_at


def crash_and_return(lab: Lab, hosts: list[Host], victim: Host) -> None:
    others = [host for host in hosts if host is not victim]
    running_state = host_state(victim)
    bystanders = Bystanders(lab, others, seconds=12)
    time.sleep(1)

    died_at = time.monotonic()
    victim.kill()
    noticed = notice_time(victim, others, died_at)
    crashed_state = host_state(victim)
    while time.monotonic() - died_at < 6:
        time.sleep(0.1)

    observer = Ping(others[0].namespace, victim.v4, lab.directory / "observer", count=400,
                    interval_s=0.02)
    restarted_at = time.time()
    victim.launch()
    back = flow_time(observer, restarted_at)
    observer.stop()
    victim.wait_ready()
    process.wait_until(lambda: complete(hosts), 10, "the mesh is complete again")
    returned_state = host_state(victim)
    results = bystanders.finish()

    show(f"kill -9 of {victim.name} and its return", ["what", "observed", "bound"], [
        ["noticed by the first", milliseconds(min(noticed.values())), ""],
        ["noticed by the last", milliseconds(max(noticed.values())), "5 s"],
        ["echoes lost among the others",
         f"{sum(r.lost for r in results.values())} of {sum(r.sent for r in results.values())}",
         "0"],
        ["first echo after its start", milliseconds(back), "2 s"],
        ["gone with the process", gone_with_the_process(running_state, crashed_state), ""],
        ["different after the next start",
         differences(running_state, returned_state) or "nothing", "nothing"],
    ])
    assert max(noticed.values()) <= NOTICED_SECONDS_MAX
    assert all(result.lost == 0 for result in results.values()), "the others lost packets"
    assert back <= BACK_SECONDS_MAX
    assert not differences(running_state, returned_state)


def second_daemon_is_refused(victim: Host) -> None:
    done = victim.namespace.try_run(victim.start_command(), timeout_s=20)
    lines = done.stderr.strip().splitlines()
    sentence = json.loads(lines[-1])["message"] if lines else ""
    show("a second daemon on the same state directory", ["exit code", "what it says"],
         [[done.returncode, sentence]])
    assert done.returncode == 1
    assert str(victim.state_directory) in sentence, "no sentence says why"
    assert victim.try_ask("status") is not None, "the first daemon no longer answers"


def polite_end(victim: Host, others: list[Host], before: dict[str, list[str]]) -> None:
    begin = time.monotonic()
    code = victim.stop()
    took = time.monotonic() - begin
    after = host_state(victim)
    noticed = notice_time(victim, others, begin)
    show("SIGTERM", ["what", "observed"], [
        ["exit code", code], ["took", milliseconds(took)],
        ["noticed by the last of the others", milliseconds(max(noticed.values()))],
        ["different from before the first start", differences(before, after) or "nothing"],
        ["control socket", "left behind" if victim.socket_path.exists() else "gone"]])
    assert code == 0
    assert not differences(before, after)
    assert not victim.socket_path.exists()
    try:
        done = victim.cli("status")
        assert done.returncode == 4, f"status without a daemon ended with {done.returncode}"
    except subprocess.TimeoutExpired:
        raise AssertionError("status hangs without a daemon") from None


def test(lab: Lab) -> None:
    hosts = lab.hosts_on(lab.switch(), NAMES)
    victim = hosts[2]
    before = host_state(victim)
    connect_all(hosts)
    for host in hosts:
        host.launch()
    for host in hosts:
        host.wait_ready()
    process.wait_until(lambda: complete(hosts), 10, "the mesh is complete")
    assert ping(hosts[0].namespace, victim.v6).received > 0

    crash_and_return(lab, hosts, victim)
    second_daemon_is_refused(victim)
    polite_end(victim, [host for host in hosts if host is not victim], before)


if __name__ == "__main__":
    sys.exit(run_test(test))
