#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DHT node of libtorrent, for dht_interop_libtorrent_test.py.

    libtorrent_node.py LISTEN [bootstrap=ADDRESS] [NAME=VALUE]...

NAME is a setting of libtorrent. One command a line on standard input, one line of JSON for each;
lib/dht_node.py has the list. It ends with its standard input.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from typing import Any, Callable, Iterator

import libtorrent as lt

ANSWER_SECONDS_MAX = 30.0
PEERS_SECONDS = 2.0
BOOTSTRAP_SECONDS = 10.0
ALERT_PAUSE_SECONDS = 0.01

SETTINGS: dict[str, Any] = {
    "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "dht_bootstrap_nodes": "", "alert_mask": 0x7fffffff,
    # A test asks more in a second than 8 kB/s can answer, and more than 5 times: who does that is
    # not listened to for five minutes.
    "dht_upload_rate_limit": 1_000_000, "dht_block_ratelimit": 1000,
}


def unhex(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def expanded_key(seed: bytes) -> bytes:
    """The secret key as libtorrent has it: the hash of the seed, clamped (RFC 8032, 5.1.5)."""
    key = bytearray(hashlib.sha512(seed).digest())
    key[0] &= 248
    key[31] = key[31] & 63 | 64
    return bytes(key)


def hex_of(alert: Any) -> str | None:
    """The string inside an item; None where nothing was found."""
    try:
        value = alert.item["value"]
    except RuntimeError:
        return None  # it has no other way to say so
    return value.hex() if isinstance(value, bytes) else None


def endpoint(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Node:
    def __init__(self, listen: str, words: list[str]) -> None:
        settings = {**SETTINGS, "listen_interfaces": listen}
        for name, value in (word.split("=", 1) for word in words):
            if name == "bootstrap":
                settings["dht_bootstrap_nodes"] = value
            else:
                settings[name] = {"true": True, "false": False}.get(value, value)
        self.session = lt.session(settings)
        self.directory = tempfile.mkdtemp(prefix="libtorrent-")
        if settings["dht_bootstrap_nodes"]:
            # What is asked of it before it knows anybody is never answered.
            next(self.answers(lt.dht_bootstrap_alert, lambda _: True, BOOTSTRAP_SECONDS), None)

    def answers(self, kind: type, read: Callable[[Any], Any],
                seconds_max: float = ANSWER_SECONDS_MAX) -> Iterator[Any]:
        """What `read` makes of the alerts of a kind, as they come; None is left out. An alert dies
        with the next call of pop_alerts(), hence `read`. It sleeps in between, for wait_for_alert()
        hands out an alert that libtorrent's own thread may move while Python still reads its type:
        now and then the process dies of that."""
        end = time.monotonic() + seconds_max
        while time.monotonic() < end:
            alerts = self.session.pop_alerts()
            if not alerts:
                time.sleep(ALERT_PAUSE_SECONDS)
            for alert in alerts:
                value = read(alert) if isinstance(alert, kind) else None
                if value is not None:
                    yield value

    def nodes(self) -> dict[str, Any]:
        """Those that have answered."""
        found: set[str] = set()
        for packed in self.session.save_state().get(b"dht state", {}).get(b"node-id", []):
            own = lt.sha1_hash(packed[:20])
            self.session.dht_live_nodes(own)
            found |= next(self.answers(lt.dht_live_nodes_alert, lambda a: {
                endpoint(node["endpoint"]) for node in a.nodes} if a.node_id == own else None),
                set())
        return {"nodes": sorted(found)}

    def put(self, text: str) -> dict[str, Any]:
        target = self.session.dht_put_immutable_item(bytes.fromhex(text))
        count = self.answers(lt.dht_put_alert,
                             lambda a: a.num_success if a.target == target else None)
        return {"target": str(target), "stored": next(count, 0)}

    def put_mutable(self, pair: str, _: str, salt: str, text: str) -> dict[str, Any]:
        """libtorrent chooses the number itself: one more than what it has found."""
        secret, public = expanded_key(bytes.fromhex(pair)[:32]), bytes.fromhex(pair)[32:]
        self.session.dht_put_mutable_item(secret, public, bytes.fromhex(text), unhex(salt))
        count = self.answers(lt.dht_put_alert,
                             lambda a: a.num_success if a.public_key == public else None)
        return {"stored": next(count, 0), "error": 0}

    def get(self, target: str) -> dict[str, Any]:
        wanted = lt.sha1_hash(bytes.fromhex(target))
        self.session.dht_get_immutable_item(wanted)
        text = self.answers(lt.dht_immutable_item_alert,
                            lambda a: [hex_of(a)] if a.target == wanted else None)
        return {"text": next(text, [None])[0], "seq": None}

    def get_mutable(self, key: str, salt: str) -> dict[str, Any]:
        """The answer that says of itself to be the last, hence the newest."""
        self.session.dht_get_mutable_item(bytes.fromhex(key), unhex(salt))
        item = self.answers(lt.dht_mutable_item_alert,
                            lambda a: (hex_of(a), a.seq) if a.authoritative else None)
        text, seq = next(item, (None, None))
        return {"text": text, "seq": seq if text is not None else None}

    def announce(self, info_hash: str, _: str) -> dict[str, Any]:
        """libtorrent announces torrents, at the port it listens on for them; session.dht_announce()
        cannot be called from Python."""
        torrent = lt.add_torrent_params()
        torrent.info_hash = lt.sha1_hash(bytes.fromhex(info_hash))
        torrent.save_path = self.directory
        torrent.flags = lt.torrent_flags.default_flags & ~(
            lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
        self.session.add_torrent(torrent)
        return {"port": self.session.listen_port()}

    def peers(self, info_hash: str) -> dict[str, Any]:
        """Each node that answers with peers makes an alert, and none says that it is the last."""
        wanted = lt.sha1_hash(bytes.fromhex(info_hash))
        self.session.dht_get_peers(wanted)
        answers = self.answers(
            lt.dht_get_peers_reply_alert,
            lambda a: {endpoint(peer) for peer in a.peers()} if a.info_hash == wanted else None,
            PEERS_SECONDS)
        return {"peers": sorted(set().union(*answers))}


def main() -> int:
    node = Node(sys.argv[1], sys.argv[2:])
    for line in sys.stdin:
        verb, *words = line.split()
        print(json.dumps(getattr(node, verb)(*words)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
