#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""A network from `network create`, `invite` and `join`: everybody reaches everybody, without the
admin too; subnets only from those entitled to them; a revoked member is out everywhere."""

from __future__ import annotations

import itertools
import sys
import time

from lib import process, schema
from lib.host import Host, complete
from lib.lab import Lab, run_test
from lib.tables import show
from lib.traffic import ping

NAMES = ["ann", "bob", "cai", "dee", "eve"]
GRANTED = "10.99.0.0/24"
NOT_GRANTED = "10.98.0.0/24"


def run(host: Host, *words: str, code: int = 0, timeout_s: float = 70) -> str:
    """A verb may have two words, so --socket comes last."""
    done = host.namespace.try_run([str(host.binary), *words, "--socket", str(host.socket_path)],
                                  timeout_s)
    assert done.returncode == code, \
        f"{' '.join(words)}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def invite(admin: Host, *options: str) -> str:
    return str(schema.check(run(admin, "invite", "--json", *options), "invite")["token"])


def join(host: Host, token: str) -> None:
    schema.check(run(host, "join", "--json", token), "network")
    host.wait_ready()


def everybody_pings(hosts: list[Host]) -> None:
    for source, target in itertools.permutations(hosts, 2):
        for address in (target.v4, target.v6):
            assert ping(source.namespace, address, count=1).received == 1, \
                f"{source.name} does not reach {target.name} at {address}"


def routed(host: Host, subnet: str) -> list[str]:
    """Whom the active routes to a subnet lead to."""
    return [route["next_hop_name"] for route in host.ask("routes")["routes"]
            if route["destination"] == subnet and route["active"]]


def found_and_joined(hosts: list[Host]) -> list[object]:
    ann, bob, cai, dee, eve = hosts
    for host in hosts:
        host.start()
    assert "in no network" in run(bob, "members", code=1)
    schema.check(run(ann, "network", "create", "--json", "home"), "network")
    ann.wait_ready()
    one_time = invite(ann)
    join(bob, one_time)
    refusal = run(cai, "join", one_time, code=1)
    assert "used" in refusal, refusal
    join(cai, invite(ann, "--uses", "1", "--tag", "lab"))
    join(dee, invite(ann, "--subnet", GRANTED))
    join(eve, invite(ann, "--subnet", GRANTED))
    last = time.monotonic()
    process.wait_until(lambda: complete(hosts), 20, "everybody is connected with everybody")
    everybody_pings(hosts)
    schema.check(run(bob, "members", "--json"), "members")
    for what in ("dee", dee.id, dee.v4, "100.64.0.0/16"):
        found = schema.check(run(bob, "find", "--json", what), "find")["found"]
        assert "dee" in [node["name"] for node in found], (what, found)
    assert "nobody" in run(bob, "find", "192.0.2.1", code=1)
    return ["five hosts, four invites", f"all pairs {time.monotonic() - last:.2f} s after the last "
            "join"]


def bad_tokens(host: Host) -> list[object]:
    run(host, "network", "show")
    stranger = "qe1-aaaaaaaa"
    for words, what in ((["join", stranger], "already"), (["invite"], "admin"),
                        (["revoke", "nobody"], "admin")):
        text = run(host, *words, code=1)
        assert what in text, text
    return ["a member joins, invites, revokes", "refused, with a reason"]


def without_the_admin(hosts: list[Host]) -> list[object]:
    admin, others = hosts[0], hosts[1:]
    admin.kill()
    others[1].stop()
    begin = time.monotonic()
    others[1].start()
    process.wait_until(lambda: complete(others), 20, "a restarted member is back")
    seconds = time.monotonic() - begin
    everybody_pings(others)
    admin.start()
    process.wait_until(lambda: complete(hosts), 20, "the admin is back")
    return ["admin killed, a member restarted", f"back after {seconds:.2f} s from its state"]


def set_subnets(host: Host, *subnets: str) -> None:
    host.tables["network"] = {"advertise_subnets": list(subnets)}
    host.write_config()
    host.cli_json("reload")


def subnets(hosts: list[Host]) -> list[object]:
    ann, bob, _, dee, eve = hosts
    set_subnets(dee, GRANTED, NOT_GRANTED)
    process.wait_until(lambda: routed(bob, GRANTED) == ["dee"], 10, "the subnet is routed")
    assert routed(bob, NOT_GRANTED) == []
    process.wait_until(lambda: "without being entitled" in ann.log_text(), 5, "it is reported")
    set_subnets(eve, GRANTED)
    for host in (dee, eve):
        host.namespace.run(["ip", "addr", "add", "10.99.0.7/32", "dev", "lo"])
    process.wait_until(lambda: len(routed(bob, GRANTED)) == 1 and
                       ping(bob.namespace, "10.99.0.7", count=1).received == 1, 10,
                       "the subnet answers")
    owner, other = (dee, eve) if routed(bob, GRANTED) == ["dee"] else (eve, dee)
    owner.kill()
    begin = time.monotonic()
    process.wait_until(lambda: ping(bob.namespace, "10.99.0.7", count=1).received == 1, 20,
                       "the other owner takes over")
    moved = time.monotonic() - begin
    owner.start()
    process.wait_until(lambda: complete(hosts), 20, "the owner is back")
    begin = time.monotonic()
    set_subnets(dee)
    set_subnets(eve)
    process.wait_until(lambda: routed(bob, GRANTED) == [], 10, "the subnet is withdrawn")
    return ["a subnet of two owners, one dies; then withdrawn",
            f"traffic moved to {other.name} after {moved:.2f} s, gone "
            f"{time.monotonic() - begin:.2f} s after"]


def revoked(hosts: list[Host]) -> list[object]:
    ann, bob, cai, dee, eve = hosts
    eve.stop()
    begin = time.monotonic()
    run(ann, "revoke", "dee")
    rest = [ann, bob, cai]
    assert ann.ask("members")["revoked"][0]["name"] == "dee"
    process.wait_until(lambda: all("dee" not in host.connected_names() for host in rest), 10,
                       "nobody has a session with the revoked member")
    seconds = time.monotonic() - begin
    eve.start()
    process.wait_until(lambda: complete([*rest, eve]), 20, "the host that was away is back")
    assert "dee" not in eve.connected_names()
    assert ping(eve.namespace, dee.v4, count=1).received == 0
    return ["a member revoked, another away meanwhile", f"out everywhere after {seconds:.2f} s"]


def promoted(hosts: list[Host]) -> list[object]:
    ann, bob = hosts[0], hosts[1]
    run(ann, "promote", "bob")
    process.wait_until(lambda: bob.ask("network")["is_admin"], 10, "the member is an admin")
    assert invite(bob).startswith("qe1-")
    run(ann, "network", "leave")
    process.wait_until(lambda: "ann" not in bob.connected_names(), 10, "the admin has left")
    return ["a second admin, the first leaves", "the second invites"]


def networks(lab: Lab) -> None:
    hosts = lab.hosts_on(lab.switch(), NAMES, derived=True)
    for host in hosts:
        host.tables["discovery"] = {"lan": False}
    rows = [found_and_joined(hosts), bad_tokens(hosts[1]), without_the_admin(hosts),
            subnets(hosts), revoked(hosts), promoted([*hosts[:3], hosts[4]])]
    show("networks", ["what", "outcome"], rows)


if __name__ == "__main__":
    sys.exit(run_test(networks))
