# SPDX-License-Identifier: Apache-2.0
"""What nodes of our DHT and of another implementation have to be able to do for one another."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass, replace
from typing import Any

from . import process
from .dht_node import Command, DhtNode, Swarm, ours

SECRET_DER_HEAD = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410, section 7
MEET_SECONDS_MAX = 40.0
PEERS_SECONDS_MAX = 30.0
LARGEST = 996  # bytes of text in an item of BEP 44, which has 1000 with their length


def new_key_pair() -> str:
    """Seed and public key, made by none of the implementations under test."""
    seed = os.urandom(32)
    public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
                            input=SECRET_DER_HEAD + seed, capture_output=True, check=True).stdout
    return (seed + public[-32:]).hex()


@dataclass(frozen=True)
class Item:
    text: bytes
    key_pair: str = ""   # empty: immutable
    salt: str = ""
    seq: int = 1

    @property
    def target(self) -> str:
        """Where BEP 44 wants it to lie."""
        if self.key_pair:
            whole = bytes.fromhex(self.key_pair)[32:] + self.salt.encode()
        else:
            whole = b"%d:%s" % (len(self.text), self.text)
        return hashlib.sha1(whole).hexdigest()

    def __str__(self) -> str:
        kind = f"mutable, salt '{self.salt}', {self.seq}" if self.key_pair else "immutable"
        return f"{kind}, {len(self.text)} bytes"


def hex_of(text: str) -> str:
    return text.encode().hex() or "-"


def put(node: DhtNode, item: Item, *more: object) -> dict[str, Any]:
    if not item.key_pair:
        return node.ask("put", item.text.hex())
    return node.ask("put_mutable", item.key_pair, item.seq, hex_of(item.salt), item.text.hex(),
                    *[str(word) for word in more])


def get(node: DhtNode, item: Item) -> dict[str, Any]:
    if not item.key_pair:
        return node.ask("get", item.target)
    return node.ask("get_mutable", item.key_pair[64:], hex_of(item.salt))


def store(node: DhtNode, item: Item) -> None:
    done = put(node, item)
    assert done["stored"] >= 1, f"{node.name} put ({item}): nobody stored it: {done}"
    assert item.key_pair or done["target"] == item.target, \
        f"{node.name} put ({item}) at {done['target']}, not {item.target}"


def expect(nodes: list[DhtNode], item: Item) -> None:
    for node in nodes:
        found = get(node, item)
        assert found["text"] == item.text.hex(), f"{node.name} got {found}, not ({item})"
        assert not item.key_pair or found["seq"] == item.seq, \
            f"{node.name} got number {found['seq']}, not {item.seq}"


def expect_nothing(nodes: list[DhtNode], item: Item) -> None:
    for node in nodes:
        found = get(node, item)
        assert found["text"] is None, f"{node.name} got {found}, though nobody has put ({item})"


def knows(node: DhtNode, other: DhtNode) -> bool:
    return other.endpoint in node.contacts()


def meet(node: DhtNode, other: DhtNode) -> None:
    process.wait_until(lambda: knows(node, other), MEET_SECONDS_MAX,
                       f"{node.name} has {other.name} among its contacts", interval_s=0.2)


def fresh_items(who: str) -> list[Item]:
    """One of each kind; the largest do not fit into an answer to a stranger."""
    large = os.urandom(LARGEST // 2).hex().encode()
    pair = new_key_pair()
    return [Item(f"immutable of {who} {os.urandom(4).hex()}".encode()), Item(large),
            Item(b"mutable of " + who.encode(), pair),
            Item("salted, größer".encode(), pair, "a salt"), Item(large, pair, "large")]


def announce(node: DhtNode, info_hash: str, port: int) -> str:
    """Where others are to find it then."""
    return f"{node.host}:{node.ask('announce', info_hash, port)['port']}"


def announced(node: DhtNode, seekers: list[DhtNode], port: int) -> None:
    """Who seeks an info-hash finds who has announced itself there, and nobody elsewhere."""
    info_hash = os.urandom(20).hex()
    at = announce(node, info_hash, port)
    for seeker in seekers:
        process.wait_until(lambda: at in seeker.ask("peers", info_hash)["peers"],
                           PEERS_SECONDS_MAX, f"{seeker.name} finds {node.name} at {at}",
                           interval_s=0.5)
        elsewhere = seeker.ask("peers", os.urandom(20).hex())["peers"]
        assert elsewhere == [], f"{seeker.name} found {elsewhere} where nobody is"


# --- Scenes --------------------------------------------------------------------------------------


@dataclass
class Mixed:
    """Two of ours and two of theirs."""
    boot: DhtNode
    our: DhtNode
    their: DhtNode
    their_second: DhtNode

    @property
    def all(self) -> list[DhtNode]:
        return [self.boot, self.our, self.their, self.their_second]


def mixed_swarm(swarm: Swarm, theirs: Command) -> Mixed:
    """All of them begin with one node of ours and know nothing else; through it theirs meet."""
    boot = swarm.start("boot", ours())
    their = swarm.start("their1", theirs, boot)
    meet(boot, their)
    second = swarm.start("their2", theirs, boot)
    meet(second, their)
    our = swarm.start("our1", ours(), boot)
    meet(our, their)
    meet(boot, second)
    return Mixed(boot, our, their, second)


def items_cross(nodes: Mixed) -> int:
    """Whoever puts, all get; what nobody has put, nobody gets."""
    count = 0
    for writer in (nodes.their, nodes.our):
        for item in fresh_items(writer.name):
            expect_nothing([nodes.our, nodes.their], item)
            store(writer, item)
            expect([node for node in nodes.all if node is not writer], item)
            count += 1
    return count


def news_replaces(nodes: Mixed) -> None:
    """Ours and theirs write the same item in turns: the higher number counts everywhere."""
    item = Item(b"first", new_key_pair(), "news")
    store(nodes.their, item)
    for writer, text in ((nodes.our, b"second"), (nodes.their, b"third"), (nodes.our, b"fourth")):
        item = replace(item, text=text, seq=item.seq + 1)
        store(writer, item)
        expect([nodes.boot, nodes.their_second], item)
    old = put(nodes.our, replace(item, text=b"old", seq=1))
    assert old["refused"] >= 2 and old["error"] == 302, f"an old number was taken: {old}"
    other = put(nodes.our, replace(item, text=b"fifth", seq=item.seq + 1), item.seq - 1)
    assert other["refused"] >= 2 and other["error"] == 301, f"a wrong cas was taken: {other}"
    expect([nodes.boot, nodes.their_second], item)


def announcements_cross(nodes: Mixed) -> None:
    announced(nodes.their, [nodes.our, nodes.boot, nodes.their_second], 7001)
    announced(nodes.our, [nodes.their, nodes.their_second, nodes.boot], 7002)


def they_store_for_us(swarm: Swarm, theirs: Command) -> None:
    """Ours store nothing, being read-only (BEP 43): what comes back has lain on theirs."""
    their = swarm.start("store", theirs)
    writer = swarm.start("writer", ours("read_only"), their)
    reader = swarm.start("reader", ours("read_only"), their)
    meet(writer, their)
    meet(reader, their)
    for item in fresh_items("writer"):
        expect_nothing([reader], item)
        store(writer, item)
        expect([reader], item)
    announced(writer, [reader], 7003)
    swarm.end(their, writer, reader)


def we_store_for_them(swarm: Swarm, theirs: Command, writer_is: Command | None = None) -> None:
    """Who has put is gone before the reader comes: what it gets has lain on ours. `writer_is` is
    theirs too, but one that nobody waits for when it is gone."""
    our = swarm.start("ourstore", ours())
    writer = swarm.start("gone", writer_is or theirs, our)
    items = fresh_items("gone")
    process.wait_until(lambda: put(writer, items[0])["stored"] == 1, MEET_SECONDS_MAX,
                       f"{writer.name} puts on our node", interval_s=0.5)
    for item in items[1:]:
        store(writer, item)
    info_hash = os.urandom(20).hex()
    at = announce(writer, info_hash, 7004)
    process.wait_until(lambda: our.ask("nodes")["peers"] == 1, PEERS_SECONDS_MAX,
                       "our node stores the announcement")
    swarm.end(writer)
    reader = swarm.start("late", theirs, our)
    meet(our, reader)
    for item in items:
        expect([reader], item)
    found = reader.ask("peers", info_hash)["peers"]
    assert found == [at], f"{reader.name} found {found}"
    swarm.end(our, reader)
