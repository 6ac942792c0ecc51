# SPDX-License-Identifier: Apache-2.0
"""A stream of small numbered UDP packets, and how it arrived: what a call or a game would notice.

    stream = SteadyStream(left, right)
    ...
    heard = stream.stop()
    heard.lost, heard.longest_gap_s(), heard.longest_gap_s(since=when_the_cable_was_cut)

The kernel notes when a packet arrives, so a busy test program sees no gap that was not there.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass

from .host import Host
from .traffic import SO_RCVBUFFORCE

SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_PACKET = struct.Struct("!Qd")  # number, when it was sent
_STRAGGLERS_SECONDS = 2.5       # a packet may wait for others for so long


@dataclass
class Arrival:
    """UNIX times, in seconds."""
    number: int
    sent_at: float
    at: float


@dataclass
class Heard:
    sent: int
    arrivals: list[Arrival]     # in the order in which they came

    @property
    def missing(self) -> list[int]:
        came = {arrival.number for arrival in self.arrivals}
        return [number for number in range(self.sent) if number not in came]

    @property
    def lost(self) -> int:
        return len(self.missing)

    @property
    def duplicates(self) -> int:
        return len(self.arrivals) - len({arrival.number for arrival in self.arrivals})

    def longest_gap_s(self, since: float = 0, until: float = float("inf")) -> float:
        """Between an arrival and the next one, of those that end in that time."""
        times = [arrival.at for arrival in self.arrivals]
        return max((later - earlier for earlier, later in zip(times, times[1:])
                    if since <= later and earlier <= until), default=0.0)

    def delay_s(self, share: float = 0.5, since: float = 0,
                until: float = float("inf")) -> float:
        """The delay that this share of what was sent in that time did not exceed."""
        delays = sorted(arrival.at - arrival.sent_at for arrival in self.arrivals
                        if since <= arrival.sent_at <= until)
        return delays[min(int(share * len(delays)), len(delays) - 1)] if delays else float("nan")


class SteadyStream:
    """One packet each `interval_s` from `sender` to `receiver`, over the overlay, until stop()."""

    def __init__(self, sender: Host, receiver: Host, interval_s: float = 0.01,
                 size: int = 160, dscp: int = 0) -> None:
        self._interval_s, self._size = interval_s, size
        with receiver.namespace.entered():
            self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._sink.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sink.bind((receiver.v4, 0))
        self._sink.settimeout(0.2)
        with sender.namespace.entered():
            self._source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._source.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        self._source.connect(self._sink.getsockname())
        self.sent = 0
        self._arrivals: list[Arrival] = []
        self._sending, self._receiving = True, True
        self._threads = [threading.Thread(target=work, daemon=True)
                         for work in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        begin = time.monotonic()
        while self._sending:
            self._source.send(_PACKET.pack(self.sent, time.time()).ljust(self._size, b"."))
            self.sent += 1
            time.sleep(max(0.0, begin + self.sent * self._interval_s - time.monotonic()))

    def _receive(self) -> None:
        while self._receiving:
            try:
                data, notes, _, _ = self._sink.recvmsg(2048, socket.CMSG_SPACE(_TIMESPEC.size))
            except TimeoutError:
                continue
            seconds, nanoseconds = _TIMESPEC.unpack(notes[0][2])
            self._arrivals.append(Arrival(*_PACKET.unpack_from(data), seconds + nanoseconds / 1e9))

    def stop(self) -> Heard:
        """Also waits for what is late."""
        self._sending = False
        self._threads[0].join()
        deadline = time.monotonic() + _STRAGGLERS_SECONDS
        while len(self._arrivals) < self.sent and time.monotonic() < deadline:
            time.sleep(0.02)
        self._receiving = False
        self._threads[1].join()
        self._source.close()
        self._sink.close()
        return Heard(self.sent, self._arrivals)
