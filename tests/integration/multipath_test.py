#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A session over two uplinks: transfers outlive either of them, and both ends can tell why."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from lib import process
from lib.lab import Lab, run_test
from lib.linkemu import available
from lib.stream import SteadyStream
from lib.tables import show
from lib.traffic import Transfer, tcp_transfer
from lib.uplinks import TwoSites, Uplink

TRANSFER_BYTES = 6_000_000
BOTH_CARRY_BYTES = 400_000    # by then the transfer is under way on both

Change = Callable[[TwoSites, str], None]

CUT: tuple[str, Change, Change] = (
    "cut", lambda site, link: site.links.down(link), lambda site, link: site.links.up(link))
BLACK_HOLE: tuple[str, Change, Change] = (
    "black hole", lambda site, link: site.links.set(link, blackhole="on"),
    lambda site, link: site.links.set(link, blackhole="off"))
HEAVY_LOSS: tuple[str, Change, Change] = (
    "30 % loss", lambda site, link: site.links.set(link, loss="30%"),
    lambda site, link: site.links.set(link, loss="0"))


def check_reports(site: TwoSites) -> None:
    """Each end names the interfaces, states and addresses of its paths, as JSON and in sentences."""
    for host, other in ((site.left, "right"), (site.right, "left")):
        said = host.cli_json("multipath", other)
        assert said["enabled"] and said["mode"] == "aggregate" and said["scheduler"] == "adaptive"
        assert {one["interface"]: one["state"] for one in said["uplinks"]} == \
            {"fibre": "up", "lte": "up"}, said["uplinks"]
        paths = {path["interface"]: path for path in said["peers"][0]["paths"]}
        assert set(paths) == {"fibre", "lte"}, paths.keys()
        assert all(path["used"] and not path["reason"] for path in paths.values()), paths
        assert paths["fibre"]["min_rtt_ms"] < paths["lte"]["min_rtt_ms"]
        explained = host.cli("explain", other).stdout
        assert "there are 2 paths" in explained and "Carries packets" in explained, explained
        table = host.cli("multipath", other).stdout
        assert table.count("Active") == 2, table


def send(site: TwoSites, size: int = TRANSFER_BYTES) -> Transfer:
    return tcp_transfer(site.left.namespace, site.right.namespace, site.right.v4, bytes(size))


def wait_carried(site: TwoSites, sizes: dict[str, int]) -> None:
    """Until so much more has come over each of these uplinks."""
    goals = {uplink: site.carried(uplink) + size for uplink, size in sizes.items()}
    process.wait_until(
        lambda: all(site.carried(uplink) >= goal for uplink, goal in goals.items()), 20,
        f"transfers are under way over {' and '.join(sizes)}")


def during_transfer(site: TwoSites, event: tuple[str, Change, Change],
                    victim: str) -> list[object]:
    """The victim fails while a transfer uses both uplinks, and comes back during the next one."""
    name, begin, end = event
    sessions = site.sessions()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(send, site)
        wait_carried(site, {"fibre": BOTH_CARRY_BYTES, "lte": BOTH_CARRY_BYTES})
        assert not first.done()
        begin(site, victim)
        transfer = first.result(60)
        assert transfer.intact, f"{name} of {victim}: what arrived is not what was sent"
        seen = blamed(site, victim)
        end(site, victim)
        site.wait_state(victim, "active")
        second = pool.submit(send, site)
        wait_carried(site, {victim: BOTH_CARRY_BYTES})
        assert second.result(60).intact
    assert site.sessions() == sessions, f"{name} of {victim}: the session is another one"
    return [name, victim, seen["state"], seen["cause"], seen["reason"],
            f"{transfer.megabits_per_second:.0f} Mbit/s"]


def blamed(site: TwoSites, victim: str) -> dict[str, Any]:
    """What the sending end says of the path that fails."""
    process.wait_until(lambda: site.path(site.left, victim)["state"] in ("failed", "degraded"), 5,
                       f"left notices what happened to {victim}")
    path = site.path(site.left, victim)
    assert path["cause"] and path["cause"] in path["reason"] and not path["used"], path
    explained = site.left.cli("explain", "right").stdout
    assert path["cause"] in explained or path["state"] not in explained, explained
    return path


def stream_through(site: TwoSites, event: tuple[str, Change, Change],
                   victim: str) -> list[object]:
    """A call goes on: most of it arrives, in spite of the failure and of the return."""
    name, begin, end = event
    stream = SteadyStream(site.left, site.right)
    process.wait_until(lambda: stream.sent >= 50, 10, "the stream is under way")
    begin(site, victim)
    failed_at = stream.sent
    process.wait_until(lambda: stream.sent >= failed_at + 100, 20, "the stream goes on")
    end(site, victim)
    site.wait_state(victim, "active")
    back_at = stream.sent
    process.wait_until(lambda: stream.sent >= back_at + 50, 20, "the stream goes on")
    heard = stream.stop()
    tail = [number for number in heard.missing if failed_at + 80 <= number < failed_at + 100]
    assert not tail, f"{name} of {victim}: the stream did not come back"
    assert heard.duplicates == 0
    return [f"{name}, a stream", victim, "", "", f"{heard.lost} of {heard.sent} lost",
            f"{1000 * heard.longest_gap_s():.0f} ms"]


def test(lab: Lab) -> None:
    assert available(), "the link emulator is missing; run tools/build first"
    site = TwoSites(lab, [Uplink("fibre", 20, 10), Uplink("lte", 20, 30)])
    site.start()
    check_reports(site)
    rows = [during_transfer(site, CUT, "fibre"), during_transfer(site, BLACK_HOLE, "lte"),
            during_transfer(site, HEAVY_LOSS, "fibre"), stream_through(site, CUT, "fibre"),
            stream_through(site, BLACK_HOLE, "lte")]
    show("two uplinks of 20 Mbit/s, one fails",
         ["event", "of", "state", "cause", "reason or loss", "goodput or longest gap"], rows)
    site.stop()
    site.links.stop()


if __name__ == "__main__":
    sys.exit(run_test(test))
