# SPDX-License-Identifier: Apache-2.0
"""Lab: everything one test builds, and its removal, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Callable, Sequence

from . import namespaces, process
from .host import Host, release_binary
from .namespaces import Namespace
from .underlay import BlackHole, Switch

SKIPPED = 77
LOG_LINES_ON_FAILURE = 60
NEEDED_COMMANDS = ("ip", "ping", "iperf3", "tcpdump", "nft", "ss", "sysctl")


class Skip(Exception):
    """The test cannot run here; its text says why."""


class Lab:
    """A context manager; namespaces, daemons and files made through it are gone afterwards."""

    def __init__(self) -> None:
        namespaces.sweep()
        _sweep_directories()
        self.directory = Path(tempfile.mkdtemp(prefix=f"qe-it{os.getpid()}-"))
        self.namespaces: list[Namespace] = []
        self.hosts: list[Host] = []

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts:
            if host.running():
                with contextlib.suppress(Exception):
                    host.stop(timeout_s=15)
        for namespace in self.namespaces:
            namespace.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def namespace(self, label: str) -> Namespace:
        self.namespaces.append(Namespace(label))
        return self.namespaces[-1]

    def switch(self, index: int = 0) -> Switch:
        return Switch(self.namespace(f"net{index}"), index)

    def black_hole(self) -> BlackHole:
        return BlackHole(self.namespace("west"), self.namespace("east"))

    def host(self, name: str, number: int, derived: bool = False) -> Host:
        self.hosts.append(Host(self.namespace(name), number, self.directory / name, derived))
        return self.hosts[-1]

    def hosts_on(self, switch: Switch, names: Sequence[str], derived: bool = False) -> list[Host]:
        """Hosts on one switch, numbered from 1."""
        made = []
        for number, name in enumerate(names, start=1):
            host = self.host(name, number, derived)
            host.at = switch.attach(host.namespace, number)
            made.append(host)
        return made

    def show_logs(self) -> None:
        for host in self.hosts:
            lines = host.log_text().splitlines()
            state = "running" if host.running() else "not running"
            print(f"\n--- log of {host.name} ({state}; last {LOG_LINES_ON_FAILURE} of "
                  f"{len(lines)} lines)", file=sys.stderr)
            print("\n".join(lines[-LOG_LINES_ON_FAILURE:]), file=sys.stderr)


def _sweep_directories() -> None:
    """Removes the files of earlier runs whose process is gone."""
    for directory in Path(tempfile.gettempdir()).glob("qe-it*-*"):
        owner = re.match(r"qe-it(\d+)-", directory.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            shutil.rmtree(directory, ignore_errors=True)


def sanitized() -> bool:
    """The daemon under test is a sanitizer build: bounds on time do not hold for it."""
    return bool(os.environ.get("QUICETHER_SANITIZED"))


def _reason_to_skip() -> str | None:
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [command for command in NEEDED_COMMANDS if shutil.which(command) is None]
    if missing:
        return f"missing commands: {', '.join(missing)} (tools/setup installs them)"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    return None


def run_test(test: Callable[[Lab], None]) -> int:
    """The main() of every test: 0 passed, 1 failed (with the daemons' logs), 77 cannot run here."""
    reason = _reason_to_skip()
    if reason:
        print(f"SKIPPED: {reason}")
        return SKIPPED
    if not release_binary().exists():
        print(f"FAILED: there is no {release_binary()}; run tools/build first")
        return 1
    try:
        with Lab() as lab:
            try:
                test(lab)
            except Skip:
                raise
            except BaseException:
                traceback.print_exc()
                lab.show_logs()
                raise
    except Skip as skip:
        print(f"SKIPPED: {skip}")
        return SKIPPED
    except (AssertionError, Exception) as error:
        print(f"\nFAILED: {error}", flush=True)
        return 1
    print("PASSED")
    return 0


__all__ = ["Lab", "Skip", "process", "run_test", "sanitized"]
