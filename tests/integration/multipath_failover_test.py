#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One uplink at a time: by rank, back to the better one when it returns, metered ones last."""

from __future__ import annotations

import sys

from lib import process
from lib.host import Host
from lib.lab import Lab, run_test
from lib.linkemu import available
from lib.stream import SteadyStream
from lib.tables import show
from lib.underlay import PORT
from lib.uplinks import TwoSites, Uplink

PACKETS = 500
SHARE_MIN = 0.95    # of all bytes; the rest keeps the other paths ready

UPLINKS = [Uplink("fibre", 50, 10), Uplink("cable", 50, 10), Uplink("lte", 50, 10)]


def used(site: TwoSites, host: Host) -> list[str]:
    return [path["interface"] for path in site.paths(host) if path["used"]]


def only(site: TwoSites, wanted: str, why: str) -> list[object]:
    """Waits until left uses this uplink alone, and right one path; then a stream takes it alone."""
    process.wait_until(lambda: used(site, site.left) == [wanted], 20,
                       f"left uses {wanted} alone ({why})")
    process.wait_until(lambda: len(used(site, site.right)) == 1, 20, f"right uses one ({why})")
    before = {uplink.name: site.carried(uplink.name) for uplink in site.uplinks}
    stream = SteadyStream(site.left, site.right, interval_s=0.002, size=1000)
    process.wait_until(lambda: stream.sent >= PACKETS, 30, "the stream is sent")
    heard = stream.stop()
    assert heard.lost == 0, f"{why}: {heard.lost} of {heard.sent} lost"
    carried = {name: site.carried(name) - bytes_before for name, bytes_before in before.items()}
    share = carried[wanted] / sum(carried.values())
    assert share >= SHARE_MIN, f"{why}: {carried}"
    return [why, wanted, f"{100 * share:.1f} %"]


def check_reasons(site: TwoSites, used: str) -> None:
    """Those in reserve say behind which one; at the other end it is as the peer wants it too."""
    for path in site.paths(site.left):
        if path["interface"] != used:
            assert path["state"] == "active" and path["reason"].startswith(
                f"it is in reserve behind {used}"), path
    explained = site.left.cli("explain", "right").stdout
    assert f"Not used: it is in reserve behind {used}" in explained, explained


def failover(site: TwoSites) -> list[list[object]]:
    site.start(mode="failover")
    sessions = site.sessions()
    rows = [only(site, "fibre", "all work")]
    check_reasons(site, "fibre")
    site.links.down("fibre")
    rows.append(only(site, "cable", "fibre is cut"))
    site.links.set("cable", blackhole="on")
    # Who sends nothing over a path does not miss it, so there has to be a stream.
    stream = SteadyStream(site.left, site.right)
    site.wait_state("cable", "failed", host=site.left)
    stream.stop()
    rows.append(only(site, "lte", "cable is silent too"))
    site.links.set("cable", blackhole="off")
    rows.append(only(site, "cable", "cable is back"))
    site.links.up("fibre")
    rows.append(only(site, "fibre", "fibre is back"))
    assert site.sessions() == sessions, "the session is another one"
    site.stop()
    return rows


def late(site: TwoSites) -> list[list[object]]:
    """The better uplink appears only when the session has begun over the other one."""
    site.links.down("fibre")
    site.configure(mode="failover")
    # What left knows of right has to be on an uplink that works.
    site.left.peers = [site.right.entry([f"{site.links.links['cable'].right.v4}:{PORT}"])]
    site.launch(paths=2)
    rows = [only(site, "cable", "fibre is not there yet")]
    site.links.up("fibre")
    rows.append(only(site, "fibre", "fibre appears"))
    site.stop()
    return rows


def listener_gains(site: TwoSites) -> list[list[object]]:
    """The end that was dialled gets a second uplink: the other one, with only one, hears of it."""
    site.configure(["cable"])
    site.right.tables["multipath"]["interfaces"] = ["cable", "fibre"]
    site.links.down("fibre")
    site.left.peers = [site.right.entry([f"{site.links.links['cable'].right.v4}:{PORT}"])]
    site.launch(paths=1)
    site.links.up("fibre")
    wait_paths(site, 2)
    site.links.down("fibre")
    wait_paths(site, 1)
    site.links.up("fibre")
    wait_paths(site, 2)
    site.stop()
    return [["right gets a second uplink", "cable, fibre", "2 paths"]]


def wait_paths(site: TwoSites, count: int) -> None:
    for host in (site.left, site.right):
        process.wait_until(lambda: site.live_paths(host) == count, 20,
                           f"{host.name} has {count} paths")


def metered(site: TwoSites) -> list[list[object]]:
    """In aggregate mode, too, and for the end that did not say so."""
    names = ["cable", "lte"]
    site.configure(names)
    site.left.tables["multipath"]["metered"] = ["c*"]
    site.launch(paths=2)
    rows = [only(site, "lte", "cable is metered")]
    process.wait_until(
        lambda: "as the peer wants it" in site.path(site.right, "cable")["reason"], 20,
        "right knows that left wants cable in reserve")
    site.links.down("lte")
    rows.append(only(site, "cable", "nothing else works"))
    site.links.up("lte")
    rows.append(only(site, "lte", "the other one is back"))
    site.stop()
    return rows


def test(lab: Lab) -> None:
    assert available(), "the link emulator is missing; run tools/build first"
    site = TwoSites(lab, UPLINKS)
    site.route_all()
    show("one uplink at a time", ["when", "uplink", "carried"],
         [*late(site), *failover(site), *metered(site),
          *listener_gains(site)])
    site.links.stop()


if __name__ == "__main__":
    sys.exit(run_test(test))
