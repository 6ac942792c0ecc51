# SPDX-License-Identifier: Apache-2.0
"""Parts of bench/multipath: what a path that fails, or comes and goes, costs those who use it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable

from lib.lab import Lab
from lib.stream import Heard, SteadyStream
from lib.traffic import Iperf
from lib.underlay import PORT
from lib.uplinks import TwoSites, Uplink
from uplink_load import Meter, Plan, percent, row, say, table

WARM_SECONDS = 4
AFTER_SECONDS = 5      # of watching, after an event
FLOWS = 4
WINDOW_SECONDS = 0.5   # of goodput that is called recovered
RECOVERED = 0.95
USED = 0.2             # of a link's rate
SERVER = "203.0.113.1"

TWO = [Uplink("fibre", 50, 10), Uplink("lte", 50, 40)]

Figures = list[dict[str, Any]]


@dataclass(frozen=True)
class Event:
    """Something that befalls a link, and its end."""
    name: str
    begin: Callable[[TwoSites, str], None]
    end: Callable[[TwoSites, str], None]


def _set(**conditions: object) -> Callable[[TwoSites, str], None]:
    return lambda site, link: site.links.set(link, **conditions)


CUT = Event("cut", lambda site, link: site.links.down(link), lambda site, link: site.links.up(link))
BLACK_HOLE = Event("black hole", _set(blackhole="on"), _set(blackhole="off"))
LOSS_30 = Event("30 % loss", _set(loss="30%"), _set(loss="0"))
LOSS_10 = Event("10 % loss", _set(loss="10%"), _set(loss="0"))


@dataclass
class Watched:
    """A stream and a transfer while something happened; UNIX times."""
    meter: Meter
    heard: Heard
    broken: str         # how TCP ended, if not well


class Watch:
    """A stream of small packets, TCP beside it, and the counters of the receiving end."""

    def __init__(self, site: TwoSites, seconds: float, flows: int) -> None:
        self._seconds = seconds
        self.meter = Meter(site.right.namespace, [uplink.name for uplink in site.uplinks])
        self._load = Iperf(site.left.namespace, site.right.namespace, site.right.v4,
                           site.left.directory / "iperf", ("-t", f"{seconds:g}", "-P", str(flows)))
        self._stream = SteadyStream(site.left, site.right)

    def finish(self) -> Watched:
        broken = ""
        try:
            self._load.finish(self._seconds + 20)
        except AssertionError as error:
            broken = str(error)
        heard = self._stream.stop()
        self.meter.stop()
        return Watched(self.meter, heard, broken)


def milliseconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{1000 * seconds:.0f}"


# --- One of two fails ------------------------------------------------------------------------------


def offered(site: TwoSites, plan: Plan, name: str) -> float:
    """Mbit/s that come out of the overlay over this uplink alone."""
    site.start([name], scheduler=plan.scheduler)
    try:
        begin = time.time()
        seen = Watch(site, WARM_SECONDS + 3, FLOWS).finish()
        return seen.meter.megabits("overlay", begin + WARM_SECONDS, begin + WARM_SECONDS + 3)
    finally:
        site.stop()


def fail(site: TwoSites, plan: Plan, event: Event, victim: str, rest: float) -> dict[str, Any]:
    site.start(scheduler=plan.scheduler)
    try:
        watch = Watch(site, WARM_SECONDS + 2 * AFTER_SECONDS + 1, FLOWS)
        time.sleep(WARM_SECONDS)
        cut = time.time()
        event.begin(site, victim)
        time.sleep(AFTER_SECONDS)
        back = time.time()
        event.end(site, victim)
        seen = watch.finish()
    finally:
        site.stop()
    rate = next(uplink.rate for uplink in site.uplinks if uplink.name == victim)
    meter, heard = seen.meter, seen.heard
    return {
        "event": event.name, "victim": victim, "broken": seen.broken, "rest": rest,
        "stall_s": heard.longest_gap_s(cut, back), "stall_back_s": heard.longest_gap_s(back),
        "lost": heard.lost, "sent": heard.sent,
        "before": meter.megabits("overlay", cut - 2, cut),
        "recovered_s": meter.reaches("overlay", RECOVERED * rest, cut, WINDOW_SECONDS, back),
        "goodput_2s": meter.megabits("overlay", cut + 2, back),
        "used_again_s": meter.reaches(victim, USED * rate, back, 0.1, back + AFTER_SECONDS),
        "after": meter.megabits("overlay", back + 2, back + AFTER_SECONDS),
    }


def failures(plan: Plan) -> Figures:
    """One of two uplinks fails under full load of TCP, and comes back."""
    table("One of two uplinks fails under load and comes back", "event", "to", "longest stall, ms",
          "packets lost", "TCP", "Mbit/s before", f"{100 * RECOVERED:.0f} % of the rest after, ms",
          "2 to 5 s after, of the rest", "used again after, ms", "longest stall then",
          "Mbit/s 2 to 5 s later")
    found: Figures = []
    cases = [(event, uplink.name) for event in (CUT, BLACK_HOLE, LOSS_30) for uplink in TWO]
    cases = [(event, victim) for event, victim in cases if plan.match in f"{event.name} {victim}"]
    with Lab() as lab:
        site = TwoSites(lab, TWO)
        rests = {victim: offered(site, plan, other)
                 for victim, other in (("fibre", "lte"), ("lte", "fibre"))
                 if any(victim == one for _, one in cases)}
        for event, victim in cases:
            say(f"failures: {event.name} of {victim}")
            one = fail(site, plan, event, victim, rests[victim])
            row(one["event"], victim, milliseconds(one["stall_s"]), f"{one['lost']} of {one['sent']}",
                one["broken"] or "kept", f"{one['before']:.1f}", milliseconds(one["recovered_s"]),
                percent(one["goodput_2s"], one["rest"]), milliseconds(one["used_again_s"]),
                milliseconds(one["stall_back_s"]), f"{one['after']:.1f}")
            found.append(one)
        site.links.stop()
    return found


# --- Redundant ---------------------------------------------------------------------------------------


def redundant(plan: Plan) -> Figures:
    """Copies on two uplinks, of which one fails: nothing is lost."""
    table("Scheduler redundant, one of two uplinks fails, 200 packets/s", "event", "to", "lost",
          "longest gap, ms", "median delay before and during, ms")
    found: Figures = []
    with Lab() as lab:
        site = TwoSites(lab, TWO)
        for event in (CUT, BLACK_HOLE, LOSS_10, LOSS_30):
            for uplink in TWO:
                if plan.match not in f"{event.name} {uplink.name}":
                    continue
                one = _duplicate(site, event, uplink.name)
                row(event.name, uplink.name, f"{one['lost']} of {one['sent']}",
                    milliseconds(one["gap_s"]),
                    f"{1000 * one['delay_before_s']:.1f} / {1000 * one['delay_s']:.1f}")
                found.append({"event": event.name, "victim": uplink.name, **one})
        site.links.stop()
    return found


def _duplicate(site: TwoSites, event: Event, victim: str) -> dict[str, Any]:
    site.start(scheduler="redundant")
    try:
        stream = SteadyStream(site.left, site.right, interval_s=0.005)
        time.sleep(1)
        cut = time.time()
        event.begin(site, victim)
        time.sleep(4)
        back = time.time()
        event.end(site, victim)
        time.sleep(3)
        heard = stream.stop()
    finally:
        site.stop()
    return {"lost": heard.lost, "sent": heard.sent, "gap_s": heard.longest_gap_s(cut),
            "delay_before_s": heard.delay_s(0.5, 0, cut),
            "delay_s": heard.delay_s(0.5, cut, back)}


# --- Roaming -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roam:
    """From the first uplink to the second one, which comes `lead` seconds before the first one
    goes; negative: after that."""
    name: str
    lead: float
    mode: str = "aggregate"
    silent: bool = False    # the first one goes without a word


ROAMS = (Roam("overlap", 2), Roam("overlap, failover", 2, "failover"),
         Roam("overlap, goes silently", 2, silent=True), Roam("no gap", 0), Roam("gap of 1 s", -1),
         Roam("gap of 5 s", -5))


def roam(plan: Plan) -> Figures:
    """A laptop leaves the Wi-Fi for LTE while it talks to a server with one address."""
    table("From Wi-Fi to LTE, server with one address", "case", "longest stall, ms",
          "of that without any network", "packets lost", "session", "TCP")
    found: Figures = []
    for case in ROAMS:
        if plan.match not in case.name:
            continue
        with Lab() as lab:
            one = _leave(lab, plan, case)
        row(case.name, milliseconds(one["stall_s"]), milliseconds(max(0, -case.lead)),
            f"{one['lost']} of {one['sent']}", "kept" if one["kept"] else "another one",
            one["broken"] or "kept")
        found.append({"case": case.name, **one})
    return found


def _leave(lab: Lab, plan: Plan, case: Roam) -> dict[str, Any]:
    site = TwoSites(lab, [Uplink("wifi", 50, 10), Uplink("lte", 20, 50)])
    _one_server(site, case.mode, plan.scheduler)
    site.links.down("lte")
    site.right.start()
    site.left.start()
    site.wait_state("wifi", "active", host=site.left)
    session = site.left.peer(site.right)["session_id"]
    watch = Watch(site, 3 + abs(case.lead) + AFTER_SECONDS, 1)
    time.sleep(3)
    gone = _go(site, case)
    seen = watch.finish()
    kept = site.left.peer(site.right)["session_id"] == session
    site.stop()
    site.links.stop()
    return {"stall_s": seen.heard.longest_gap_s(gone), "lost": seen.heard.lost,
            "sent": seen.heard.sent, "kept": kept, "broken": seen.broken}


def _go(site: TwoSites, case: Roam) -> float:
    """When the first uplink went."""
    leave = BLACK_HOLE.begin if case.silent else CUT.begin
    if case.lead >= 0:
        site.links.up("lte")
        time.sleep(case.lead)
    gone = time.time()
    leave(site, "wifi")
    if case.lead < 0:
        time.sleep(-case.lead)
        site.links.up("lte")
    return gone


def _one_server(site: TwoSites, mode: str, scheduler: str) -> None:
    """The right one has multipath off, and one address that both links lead to."""
    site.configure(mode=mode, scheduler=scheduler)
    site.right.tables["multipath"] = {"enabled": False, "scheduler": scheduler}
    site.right.namespace.ip(f"addr add {SERVER}/32 dev lo")
    site.left.peers = [site.right.entry([f"{SERVER}:{PORT}"])]
    site.links.route_left(policy=False)


__all__ = ["failures", "redundant", "roam"]
