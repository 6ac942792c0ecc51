# SPDX-License-Identifier: Apache-2.0
"""Malformed and abusive DHT messages, and what BEP 5 and 44 want to be said to each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .krpc import Asker, Signer, SwarmKey, bencode

SILENCE = "silence"
ANSWER = "an answer"


@dataclass
class Abuse:
    name: str
    datagram: bytes
    wanted: str               # SILENCE, ANSWER or "error 203"
    counter: str = ""         # must grow by one


def nested(levels: int) -> bytes:
    """A list so deep; the message around it is the first level."""
    return b"l" * (levels - 1) + b"e" * (levels - 1)


def malformed(asker: Asker, swarm: SwarmKey) -> list[Abuse]:
    """What is no KRPC message, or none of this swarm: nothing is said to it."""
    ping = asker.message(b"rubbish", "ping")
    plain, bad = bencode(ping), "dht_dropped_malformed"
    body = plain[1:-1]

    def with_unknown(value: bytes) -> bytes:
        return swarm.seal(b"d" + body[:-len(b"1:y1:q")] + b"1:x" + value + b"1:y1:qe")

    def sealed(**changes: Any) -> bytes:
        changed = {**ping, **changes}
        return asker.sealed({key: value for key, value in changed.items() if value is not None})
    wrong = bytearray(swarm.seal(plain))
    wrong[-2] ^= 1
    big = {**ping, "x": b"x" * (65507 - len(asker.sealed({**ping, "x": b""})) - 4)}
    kilobytes = {**ping, "x": b"x" * (2049 - len(asker.sealed({**ping, "x": b""})) - 3)}
    assert len(asker.sealed(big)) == 65507 and len(asker.sealed(kilobytes)) == 2049
    return [
        Abuse("no MAC", plain, SILENCE, "dht_dropped_mac"),
        Abuse("a MAC with one bit wrong", bytes(wrong), SILENCE, "dht_dropped_mac"),
        Abuse("the MAC of another swarm", SwarmKey("another").seal(plain), SILENCE,
              "dht_dropped_mac"),
        Abuse("the MAC not in the last place", swarm.seal(plain)[:-1] + b"2:zz1:.e", SILENCE,
              "dht_dropped_mac"),
        Abuse("rubbish that looks like KRPC", b"d1:" + os.urandom(200) + b"e", SILENCE,
              "dht_dropped_mac"),
        Abuse("rubbish with the right MAC", swarm.seal(b"d1:" + os.urandom(200) + b"e"), SILENCE,
              bad),
        Abuse("cut in the middle, right MAC", swarm.seal(plain[:len(plain) // 2] + b"e"), SILENCE,
              bad),
        Abuse("a length beyond the end", swarm.seal(b"d1:a99999:" + plain[4:]), SILENCE, bad),
        Abuse("a length of 30 digits", swarm.seal(b"d1:a" + b"9" * 30 + b":e"), SILENCE, bad),
        Abuse("unsorted keys", swarm.seal(b"d1:y1:q" + body[:-len(b"1:y1:q")] + b"e"), SILENCE,
              bad),
        Abuse("a key twice", swarm.seal(b"d" + body + b"1:y1:qe"), SILENCE, bad),
        Abuse("a number with a leading zero", with_unknown(b"i01e"), SILENCE, bad),
        Abuse("minus zero", with_unknown(b"i-0e"), SILENCE, bad),
        Abuse("a number of 65 bits", with_unknown(b"i18446744073709551616e"), SILENCE, bad),
        Abuse("a key that is no string", swarm.seal(b"d" + body + b"i1ei1ee"), SILENCE, bad),
        Abuse("16 levels deep", with_unknown(nested(16)), ANSWER),
        Abuse("17 levels deep", with_unknown(nested(17)), SILENCE, bad),
        Abuse("900 levels deep", with_unknown(nested(900)), SILENCE, bad),
        Abuse("900 elements", with_unknown(b"l" + b"le" * 900 + b"e"), ANSWER),
        Abuse("no transaction id", sealed(t=None), SILENCE, bad),
        Abuse("an empty transaction id", sealed(t=b""), SILENCE, bad),
        Abuse("a transaction id of 33 bytes", sealed(t=b"x" * 33), SILENCE, bad),
        Abuse("no type", sealed(y=None), SILENCE, bad),
        Abuse("an unknown type", sealed(y="x"), SILENCE, bad),
        Abuse("a list", b"l" + plain + b"e", SILENCE),
        Abuse("2,049 bytes", asker.sealed(kilobytes), SILENCE, "dht_dropped_oversized"),
        Abuse("65,507 bytes", asker.sealed(big), SILENCE, "dht_dropped_oversized"),
        Abuse("an answer to nothing", asker.sealed(
            {"r": {"id": asker.id}, "t": b"rubbish", "y": "r"}), SILENCE,
            "dht_dropped_unexpected"),
        Abuse("an error to nothing", asker.sealed(
            {"e": [201, "no"], "t": b"rubbish", "y": "e"}), SILENCE, "dht_dropped_unexpected"),
    ]


def wrong_arguments(asker: Asker) -> list[Abuse]:
    """Queries that BEP 5 has errors for."""
    def query(method: str, **arguments: Any) -> bytes:
        return asker.sealed(asker.message(b"rubbish", method, **arguments))
    token, target = asker.token(), os.urandom(20)
    no_arguments = asker.message(b"rubbish", "ping")
    del no_arguments["a"]
    no_method = asker.message(b"rubbish", "ping")
    del no_method["q"]
    e203, e204 = "error 203", "error 204"
    return [
        Abuse("an unknown method", query("gossip"), e204),
        Abuse("no method", asker.sealed(no_method), e204),
        Abuse("no arguments", asker.sealed(no_arguments), e203),
        Abuse("an id of 19 bytes", query("ping", id=b"x" * 19), e203),
        Abuse("an id that is a number", query("ping", id=7), e203),
        Abuse("a target of 21 bytes", query("find_node", target=b"x" * 21), e203),
        Abuse("no info_hash", query("get_peers"), e203),
        Abuse("announce: a wrong token", query("announce_peer", info_hash=target, port=7,
                                               token=b"x" * 8), e203),
        Abuse("announce: port 0", query("announce_peer", info_hash=target, port=0, token=token),
              e203),
        Abuse("announce: port 65,536", query("announce_peer", info_hash=target, port=65536,
                                             token=token), e203),
        Abuse("announce: as it should be", query("announce_peer", info_hash=target, port=7,
                                                 token=token), ANSWER),
    ]


def items(asker: Asker, foreign_token: bytes) -> list[Abuse]:
    """Puts in an order: later ones count on what earlier ones have stored."""
    token, signer = asker.token(), Signer("5a")
    hello, other, empty = bencode("hello"), bencode("other"), b""

    def put(value: bytes, **arguments: Any) -> bytes:
        # The value goes in as the bytes that were signed, whatever they are.
        message = bencode(asker.message(b"rubbish", "put",
                                        **{"token": token, "v": "<v>", **arguments}))
        return asker.swarm.seal(message.replace(bencode("<v>"), value))

    def signed(seq: int, value: bytes, salt: bytes = empty, **arguments: Any) -> bytes:
        fields = {"k": signer.key, "seq": seq, "sig": signer.sign(seq, value, salt),
                  **({"salt": salt} if salt else {}), **arguments}
        return put(value, **fields)
    flipped = bytearray(signer.sign(5, hello))
    flipped[0] ^= 1
    string = bencode("x" * 996)
    return [
        Abuse("put: no token", put(hello, token=b""), "error 203"),
        Abuse("put: a wrong token", put(hello, token=b"x" * 8), "error 203"),
        Abuse("put: another's token", put(hello, token=foreign_token), "error 203"),
        Abuse("put: a token of 41 bytes", put(hello, token=b"x" * 41), "error 203"),
        Abuse("put: no value", asker.sealed(asker.message(b"rubbish", "put", token=token)),
              "error 203"),
        Abuse("put: salt without key", put(hello, salt=b"salt"), "error 203"),
        Abuse("put: key without signature", put(hello, k=signer.key, seq=1), "error 203"),
        Abuse("put: a key of 31 bytes", signed(1, hello, k=signer.key[:31]), "error 203"),
        Abuse("put: a negative number", signed(-1, hello), "error 203"),
        Abuse("put: a number of 65 bits", signed(2**64, hello), SILENCE, "dht_dropped_malformed"),
        Abuse("put: one bit of the signature wrong", signed(5, hello, sig=bytes(flipped)),
              "error 206"),
        Abuse("put: the signature of another value", signed(5, hello, sig=signer.sign(5, other)),
              "error 206"),
        Abuse("put: the signature of another number", signed(5, hello, sig=signer.sign(6, hello)),
              "error 206"),
        Abuse("put: the signature of another salt",
              signed(5, hello, b"salt", sig=signer.sign(5, hello, b"tlas")), "error 206"),
        Abuse("put: as it should be, number 5", signed(5, hello), ANSWER),
        Abuse("put: number 4", signed(4, hello), "error 302"),
        Abuse("put: number 5, another value", signed(5, other), "error 302"),
        Abuse("put: number 5, the same again", signed(5, hello), ANSWER),
        Abuse("put: cas 4, 5 is stored", signed(6, other, cas=4), "error 301"),
        Abuse("put: cas 4 and number 4", signed(4, other, cas=4), "error 301"),
        Abuse("put: cas 5", signed(6, other, cas=5), ANSWER),
        Abuse("put: a value of 1,000 bytes", put(string), ANSWER),
        Abuse("put: a value of 1,001 bytes", put(bencode("x" * 997)), "error 205"),
        Abuse("put: a signed value of 1,001 bytes", signed(1, bencode("x" * 997), b"big"),
              "error 205"),
        Abuse("put: a salt of 64 bytes", signed(1, hello, b"s" * 64), ANSWER),
        Abuse("put: a salt of 65 bytes", signed(1, hello, b"s" * 65), "error 207"),
        Abuse("put: a salt of 900 bytes", signed(1, hello, b"s" * 900), "error 207"),
    ]
