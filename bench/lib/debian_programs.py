# SPDX-License-Identifier: Apache-2.0
"""Other VPNs' programs from Debian: what is installed, what apt installs, or the newest there is.

`installed()` uses the machine's own release and apt. `newest()` is for programs that hardly depend
on the release (Go): it reads the index of Debian's moving suite through a private apt below the
cache, unpacks the package there and installs nothing; where that fails it is as `installed()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import debian_sources

NEWEST_SUITE = "sid"
CACHE = Path(os.environ.get("QUICETHER_CACHE",
                            Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
                            / "quicether")) / "bench"


class Unavailable(Exception):
    """A program cannot be had here; its text says why, as a sentence."""


@dataclass
class Program:
    path: str
    version: str


def _run(command: list[str], directory: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=directory,
                          stdin=subprocess.DEVNULL,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise Unavailable(f"`{' '.join(command[:2])}` failed: {lines[-1]}.")
    return done.stdout


def installed(package: str, command: str) -> Program:
    """The machine's own; installed with apt-get if it is missing."""
    if shutil.which(command) is None:
        try:
            _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", package])
        except (Unavailable, OSError):
            _run(["apt-get", "update", "-q"])
            _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", package])
    path = shutil.which(command)
    if path is None:
        raise Unavailable(f"Package {package} has no command {command}.")
    version = _run(["dpkg-query", "-W", "-f", "${Version}", package])
    return Program(path, version)


def newest(package: str, *commands: str) -> list[Program]:
    """The commands of the newest package, unpacked below the cache, else the installed ones."""
    try:
        return _unpacked(package, commands)
    except (Unavailable, OSError, subprocess.TimeoutExpired):
        return [installed(package, command) for command in commands]


def _private_apt(tool: str, *arguments: str) -> list[str]:
    home = CACHE / "apt"
    options = {"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": home / "sources",
               "Dir::State::Lists": home / "lists", "Dir::Cache": home / "cache",
               "APT::Get::List-Cleanup": 0, "Acquire::Languages": "none",
               "Acquire::Check-Valid-Until": "false", "APT::Sandbox::User": ""}
    return [tool, *[word for key, value in options.items() for word in ("-o", f"{key}={value}")],
            *arguments]


_index_is_fresh = False


def _refresh_index() -> None:
    global _index_is_fresh
    if _index_is_fresh:
        return
    home = CACHE / "apt"
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (home / name).mkdir(parents=True, exist_ok=True)
    archive, _ = debian_sources.debian_addresses()
    if not archive:
        raise Unavailable("There is no Debian archive among this machine's apt sources.")
    keyring = next((path for path in debian_sources.KEYRINGS if os.path.exists(path)), "")
    stanza = debian_sources.stanza(archive, [NEWEST_SUITE], keyring)
    (home / "sources/newest.sources").write_text(stanza.replace("deb-src", "deb", 1))
    _run(_private_apt("apt-get", "update", "-q"))
    _index_is_fresh = True


def _unpacked(package: str, commands: tuple[str, ...]) -> list[Program]:
    _refresh_index()
    policy = _run(_private_apt("apt-cache", "show", "--no-all-versions", package))
    version = next(line.split()[1] for line in policy.splitlines() if line.startswith("Version:"))
    place = CACHE / f"{package}_{version}"
    if not (place / "root").is_dir():
        place.mkdir(parents=True, exist_ok=True)
        _run(_private_apt("apt-get", "download", "-q", f"{package}={version}"), place)
        _run(["dpkg-deb", "-x", str(next(place.glob("*.deb"))), str(place / "root")])
    programs = [Program(str(place / "root/usr/bin" / command), version) for command in commands]
    for program in programs:
        if not Path(program.path).exists():
            program.path = program.path.replace("/usr/bin/", "/usr/sbin/")
        # A library of this release may be too old for it: the loader says so at once.
        _run([program.path, "--version"])
    return programs
