# SPDX-License-Identifier: Apache-2.0
"""Pixels of a PNG file as browsers write screenshots: 8 bits a channel, RGB or RGBA, not interlaced
(RFC 2083; filters: section 6)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}  # by colour type


@dataclass
class Image:
    width: int
    height: int
    channels: int
    rows: list[bytes]

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        at = x * self.channels
        red, green, blue = self.rows[y][at:at + 3]
        return red, green, blue


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


def paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    to_left, to_above, to_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner


def unfilter(kind: int, row: bytearray, above: bytes, step: int) -> None:
    for i, value in enumerate(row):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        if kind == 1:
            row[i] = (value + left) & 0xff
        elif kind == 2:
            row[i] = (value + above[i]) & 0xff
        elif kind == 3:
            row[i] = (value + (left + above[i]) // 2) & 0xff
        elif kind == 4:
            row[i] = (value + paeth(left, above[i], corner)) & 0xff


def read(path: Path) -> Image:
    data = path.read_bytes()
    assert data.startswith(SIGNATURE), f"{path} is not a PNG file"
    parts = list(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    assert depth == 8 and colour in CHANNELS and not interlaced, f"{path}: {depth}, {colour}"
    step = CHANNELS[colour]
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    stride = width * step
    rows: list[bytes] = []
    above = bytes(stride)
    for y in range(height):
        begin = y * (stride + 1)
        row = bytearray(raw[begin + 1:begin + 1 + stride])
        if raw[begin] != 0:
            unfilter(raw[begin], row, above, step)
        above = bytes(row)
        rows.append(above)
    return Image(width, height, step, rows)
