# SPDX-License-Identifier: Apache-2.0
"""Network namespaces named after the test process, so that leftovers can be told from live ones."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Iterator, Sequence

from .process import LIBC, CommandFailed, run

CLONE_NEWNET = 0x40000000
NETNS_DIRECTORY = Path("/run/netns")
_OURS = re.compile(r"^qe-it(\d+)-")

# Addresses must be usable at once, and nothing may appear that the test did not ask for.
_SYSCTLS = {
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
    "net.ipv6.conf.all.accept_dad": "0",
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    "net.ipv6.conf.default.router_solicitations": "0",
}


class Namespace:
    """One network namespace with loopback up. Removed by close(), or by a later sweep()."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.name = f"qe-it{os.getpid()}-{label}"
        run(["ip", "netns", "add", self.name])
        self.sysctl(_SYSCTLS)
        self.ip("link set lo up")

    def close(self) -> None:
        with contextlib.suppress(CommandFailed):
            run(["ip", "netns", "del", self.name])

    def command(self, command: Sequence[str]) -> list[str]:
        """The same command, to be run inside. `ip` execs it: the pid is the command's own."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, command: Sequence[str], timeout_s: float = 30) -> str:
        return run(self.command(command), timeout_s)

    def try_run(self, command: Sequence[str],
                timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
        """A command that may fail; output and exit code are the caller's to judge."""
        return subprocess.run(self.command(command), capture_output=True, text=True,
                              timeout=timeout_s)

    def ip(self, *lines: str) -> None:
        """`ip` commands, one process for all of them."""
        run(["ip", "-n", self.name, "-batch", "-"], stdin="\n".join(lines) + "\n")

    def show(self, arguments: str) -> str:
        return run(["ip", "-n", self.name, *arguments.split()])

    def sysctl(self, values: dict[str, str]) -> None:
        self.run(["sysctl", "-q", "-w", *[f"{key}={value}" for key, value in values.items()]])

    def nft(self, rules: str) -> None:
        run(self.command(["nft", "-f", "-"]), stdin=rules)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets made by this thread inside the block belong to the namespace for good."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(NETNS_DIRECTORY / self.name, os.O_RDONLY)
        try:
            _setns(there)
            yield
        finally:
            _setns(home)
            os.close(there)
            os.close(home)


def _setns(descriptor: int) -> None:
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise CommandFailed("setns failed: root is needed")


def sweep() -> None:
    """Removes namespaces of earlier runs whose process is gone, with what still runs in them."""
    if not NETNS_DIRECTORY.is_dir():
        return
    for name in sorted(os.listdir(NETNS_DIRECTORY)):
        owner = _OURS.match(name)
        if owner is None or Path(f"/proc/{owner[1]}").exists():
            continue
        with contextlib.suppress(CommandFailed):
            for pid in run(["ip", "netns", "pids", name]).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run(["ip", "netns", "del", name])
