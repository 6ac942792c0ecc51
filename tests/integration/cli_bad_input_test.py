#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: asan beside
"""Wrong commands and wrong configurations, each with its one sentence and its exit code.

The real binary runs; standard output, standard error and exit code must be exactly what
tests/golden/cli/bad_input.golden says. After an intended change run this file with --update and
look at the difference. Needs neither root nor a network: every case ends before a daemon would
change anything.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("QUICETHER_BIN", REPOSITORY / "build/release/quicether"))
GOLDEN = REPOSITORY / "tests/golden/cli/bad_input.golden"
TIMEOUT_S = 60

# Words of each command line; DIR is an empty directory, the files below are in it.
COMMANDS = [
    "",
    "statsu",
    "frobnicate",
    "--jsno status",
    "status now",
    "status --sokcet x",
    "status --socket",
    "status --socket DIR/none.sock",
    "status --socket DIR/none.sock --json",
    "peers --socket DIR/none/none.sock",
    "routes --socket DIR/stale.sock",
    "reload --socket DIR/notes.txt",
    "stop --socket DIR/none.sock",
    "stop --timeout soon",
    "logs --lines -5",
    "logs --socket DIR/none.sock --follow",
    "ping",
    "ping server --socket DIR/none.sock",
    "ping server --count ten",
    "ping server --interval 0",
    "ping server --timeout 61",
    "ping server twice",
    "id --state-dir DIR/notes.txt",
    "config",
    "config shwo",
    "config show --socket DIR/none.sock",
    "config show DIR/none.toml",
    "config validate DIR/none.toml",
    "config validate DIR",
    "dht",
    "dht stat",
    "dht get",
    "dht put hello --salt",
    "dht lookup one two",
    "config set network.mtu --config DIR/good.toml",
    "config set network.mut 1300 --config DIR/good.toml",
    "config set network.mtu huge --config DIR/good.toml",
    "config set network.mtu 100 --config DIR/good.toml --json",
    "config set network.mtu 1300 --config DIR/syntax.toml",
    "start --config DIR/good.toml now",
    "start --config DIR/good.toml --mut 1300",
    "start --config DIR/good.toml --mtu 100",
    "start --config DIR/good.toml --mtu big",
    "start --config DIR/good.toml --mtu 1300 --json --port 0",
    "start --config DIR/good.toml --port 70000",
    "start --config DIR/good.toml --role king",
    "start --config DIR/good.toml --name",
    "start --config DIR/good.toml --tun-name this-name-is-too-long",
    "start --config DIR/good.toml --tun-addr 100.64.0.1/33",
    "start --config DIR/good.toml --advertise-subnet 10.0.0.0/8,ten",
    "start --config DIR/good.toml --public-ip example.org",
    "start --config DIR/good.toml --bootstrap :9000",
    "start --config DIR/good.toml --peer-allow stranger",
    "start --config DIR/good.toml --interfaces eth0/1",
    "start --config DIR/good.toml --multipath both",
    "start --config DIR/good.toml --scheduler fair",
    "start --config DIR/good.toml --log-level loud",
    "start --config DIR/good.toml --log-format xml",
    "start --config DIR/good.toml --require-2fa",
    "start --config DIR/none.toml",
    "start --config DIR/syntax.toml",
    "start --config DIR/good.toml --state-dir DIR/notes.txt --log-format json",
    "start --config DIR/good.toml --daemon --state-dir DIR/notes.txt --log-format json",
]

# Each goes through `quicether config validate`.
CONFIGS = {
    "unknown_key": '[network]\nmut = 1300\n',
    "unknown_table": '[netwrok]\nmtu = 1300\n',
    "wrong_type": '[network]\nmtu = "1300"\n',
    "out_of_range": '[network]\nmtu = 100\n',
    "bad_port": '[discovery]\ndht_port = 0\n',
    "bad_role": '[node]\nrole = "king"\n',
    "bad_prefix": '[network]\nadvertise_subnets = ["10.0.0.0/40"]\n',
    "bad_peer_id": '[[peer]]\nid = "abc"\n',
    "peer_without_id": '[[peer]]\nname = "server"\n',
    "duplicate_peer": f'[[peer]]\nid = "{"ab" * 20}"\n[[peer]]\nid = "{"ab" * 20}"\n',
    "bad_endpoint": f'[[peer]]\nid = "{"ab" * 20}"\nendpoints = ["fd00::1:9000"]\n',
    "unknown_allowed": '[peers]\nallowed = ["server"]\n',
    "syntax": '[network\nmtu = 1300\n',
    "twice": '[network]\nmtu = 1300\nmtu = 1400\n',
    "needs_later_version": '[security]\nrequire_2fa = true\n',
    "several": '[node]\nrole = "king"\n[network]\nmtu = 1\n[monitoring]\nlog_level = "loud"\n',
    "hostile": '[node]\nname = "\\u001b]0;owned\\u0007"\n',
}


def prepare(directory: Path) -> None:
    (directory / "notes.txt").write_text("notes\n")
    (directory / "good.toml").write_text("[network]\nmtu = 1400\n")
    for name, text in CONFIGS.items():
        (directory / f"{name}.toml").write_text(text)
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(directory / "stale.sock"))


def normalised(text: str, directory: Path) -> str:
    text = text.replace(str(directory), "DIR")
    return re.sub(r'"time":"[^"]*"', '"time":"TIME"', text)


def run(words: list[str], directory: Path) -> tuple[str, str, int]:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(directory / "home")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, check=False,
                          cwd=directory, env=environment, timeout=TIMEOUT_S,
                          stdin=subprocess.DEVNULL)
    return (normalised(done.stdout, directory), normalised(done.stderr, directory),
            done.returncode)


def transcript_of(command: str, directory: Path) -> str:
    words = [word.replace("DIR", str(directory)) for word in shlex.split(command)]
    out, err, code = run(words, directory)
    assert code in (1, 2, 4), f"quicether {command}: exit code {code}\n{out}{err}"
    assert err.endswith("\n"), f"quicether {command}: no sentence on standard error"
    lines = [f"$ quicether {command}".rstrip()]
    lines += [f"out: {line}" for line in out.splitlines()]
    lines += [f"err: {line}" for line in err.splitlines()]
    return "\n".join([*lines, f"exit: {code}", ""])


def transcript() -> str:
    with tempfile.TemporaryDirectory(prefix="qe-cli-") as name:
        directory = Path(name).resolve()
        prepare(directory)
        commands = COMMANDS + [f"config validate DIR/{name}.toml" for name in CONFIGS]
        text = "\n".join(transcript_of(command, directory) for command in commands)
        good = (directory / "good.toml").read_text()
        assert good == "[network]\nmtu = 1400\n", "a refused `config set` changed the file"
    return text


def main() -> int:
    got = transcript()
    if "--update" in sys.argv[1:]:
        GOLDEN.write_text(got)
        print(f"{GOLDEN} written: look at the difference")
        return 0
    golden = GOLDEN.read_text()
    if got != golden:
        sys.stdout.writelines(difflib.unified_diff(
            golden.splitlines(keepends=True), got.splitlines(keepends=True), "golden", "got"))
        print("FAILED: output differs from the golden file; --update takes it over")
        return 1
    print(got)
    print(f"PASSED: {len(COMMANDS)} commands and {len(CONFIGS)} configurations as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
