# SPDX-License-Identifier: Apache-2.0
"""tcpdump captures and what is in them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import process
from .namespaces import Namespace

_ETHERTYPE_IPV4, _ETHERTYPE_IPV6 = 0x0800, 0x86DD
_UDP = 17


class Capture:
    """Records an interface from the moment the constructor returns."""

    def __init__(self, namespace: Namespace, interface: str, file: Path,
                 expression: str = "") -> None:
        self.file = file
        log = file.with_suffix(".log")
        log.unlink(missing_ok=True)
        self._process = process.spawn(namespace.command(
            ["tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-s", "0", "-Z", "root",
             "-B", "16384", "-w", str(file), *expression.split()]), log)
        process.wait_until(lambda: "listening on" in log.read_text(), 5, "tcpdump listens")

    def stop(self) -> Path:
        process.end(self._process)
        return self.file


def frames(file: Path) -> Iterator[bytes]:
    """Link-layer frames of a pcap file, in order."""
    data = file.read_bytes()
    if len(data) < 24:
        return
    endian = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        _, _, size, _ = struct.unpack_from(endian + "IIII", data, at)
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def _ones_complement_sum(data: bytes) -> int:
    padded = data + b"\x00" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@dataclass
class UdpDatagram:
    frame: bytes
    udp_offset: int         # of the UDP header in the frame
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    payload: bytes

    def wire_frame(self) -> bytes:
        """The frame as it would be on a wire: a veth leaves the UDP checksum to hardware that does
        not exist, so the recorded one is not valid."""
        at = self.udp_offset
        udp = bytearray(self.frame[at:at + 8] + self.payload)
        udp[6:8] = b"\x00\x00"
        pseudo = self.source + self.destination + struct.pack(">HH", _UDP, len(udp))
        udp[6:8] = struct.pack(">H", 0xFFFF - _ones_complement_sum(pseudo + udp) or 0xFFFF)
        return self.frame[:at] + bytes(udp)


def udp_datagrams(file: Path) -> Iterator[UdpDatagram]:
    """UDP over IPv4 or IPv6 (without extension headers) over Ethernet. A GSO burst, which a veth
    carries in one piece, is left out: its frame is no packet that ever was on a wire."""
    for frame in frames(file):
        if len(frame) > 1514 or len(frame) < 42:
            continue
        ethertype = struct.unpack_from(">H", frame, 12)[0]
        if ethertype == _ETHERTYPE_IPV4 and frame[23] == _UDP:
            start, source, destination = 14 + (frame[14] & 15) * 4, frame[26:30], frame[30:34]
        elif ethertype == _ETHERTYPE_IPV6 and frame[20] == _UDP:
            start, source, destination = 54, frame[22:38], frame[38:54]
        else:
            continue
        source_port, destination_port, size = struct.unpack_from(">HHH", frame, start)
        yield UdpDatagram(frame, start, source, destination, source_port, destination_port,
                          frame[start + 8:start + size])
