# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive the test.

Every child is told by the kernel to die with us (PR_SET_PDEATHSIG), so that a test that is killed
leaves no daemon behind. Only processes started here are ever signalled, by their own pid.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Sequence

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class CommandFailed(Exception):
    """A helper command (ip, nft, …) did not do what the test needs."""


def run(command: Sequence[str], timeout_s: float = 30, stdin: str | None = None) -> str:
    """Runs a command that must succeed and returns its standard output."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, input=stdin)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(command: Sequence[str], log: Path, env: dict[str, str] | None = None,
          separate_stderr: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts a child whose output goes to `log`. Call from the main thread only: the death signal
    is tied to the thread that forks."""
    with open(log, "ab") as out:
        err = open(separate_stderr, "ab") if separate_stderr else None
        try:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=err or subprocess.STDOUT, env=env,
                                    preexec_fn=_die_with_parent)
        finally:
            if err:
                err.close()


def end(process: subprocess.Popen[bytes], sig: int = signal.SIGTERM,
        timeout_s: float = 10) -> int:
    """Signals a child of ours and waits; one that does not obey is killed. Returns its exit code
    as Popen does (negative: signal)."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
        raise


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str,
               interval_s: float = 0.02) -> float:
    """Waits for `condition` and returns the seconds it took; AssertionError naming `what` if not
    in time."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > timeout_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(interval_s)
    return time.monotonic() - begin
