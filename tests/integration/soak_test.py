#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Much traffic through a sanitizer build, and a clean end of the release build under valgrind.

Environment: QUICETHER_ASAN_BIN (default build/asan/quicether); QE_REQUIRE_ASAN=1 makes its absence
a failure; QE_SOAK_BYTES (default 2G) is what the sanitizer build has to carry.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from pathlib import Path

from lib import process
from lib.host import REPOSITORY, Host, complete, connect_all, release_binary
from lib.lab import Lab, run_test
from lib.tables import show
from lib.traffic import Iperf, ping, received_bytes, received_megabits_per_second, tcp_transfer

SOAK_BYTES = os.environ.get("QE_SOAK_BYTES", "2G")
SOAK_TIMEOUT_S = 200
VALGRIND_BYTES = 4 << 20
VALGRIND_ERROR = 99
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|detected memory leaks|SUMMARY: ")
LEAKS = re.compile(r"definitely lost: ([\d,]+) bytes")
ERRORS = re.compile(r"ERROR SUMMARY: (\d+) errors")


def asan_binary() -> Path:
    return Path(os.environ.get("QUICETHER_ASAN_BIN", REPOSITORY / "build/asan/quicether"))


def pair(lab: Lab, index: int, names: list[str]) -> list[Host]:
    hosts = lab.hosts_on(lab.switch(index), names)
    connect_all(hosts)
    return hosts


def start(hosts: list[Host], timeout_s: float) -> None:
    for host in hosts:
        host.launch()
    for host in hosts:
        host.wait_ready(timeout_s)
    process.wait_until(lambda: complete(hosts), timeout_s, "both are connected")


def size_of(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text)


def soak(lab: Lab) -> None:
    hosts = pair(lab, 0, ["ann", "bob"])
    for host in hosts:
        host.binary = asan_binary()
        host.env = {"ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:exitcode=98",
                    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98",
                    "LSAN_OPTIONS": "exitcode=98"}
    start(hosts, 20)
    begin = time.monotonic()
    transfer = Iperf(hosts[0].namespace, hosts[1].namespace, hosts[1].v4, lab.directory / "soak",
                     ("-n", SOAK_BYTES))
    result = transfer.finish(SOAK_TIMEOUT_S)
    took = time.monotonic() - begin
    codes = [host.stop(timeout_s=30) for host in hosts]
    reports = [[line for line in host.log_text().splitlines() if REPORT.search(line)]
               for host in hosts]
    show("transfer through the sanitizer build (ASan, UBSan, LSan)", ["what", "observed"], [
        ["carried", f"{received_bytes(result) / 1e9:.2f} GB in {took:.0f} s, "
                    f"{received_megabits_per_second(result):.0f} Mbit/s"],
        ["exit codes after SIGTERM", codes],
        ["reports", reports if any(reports) else "none"]])
    # What was still under way when iperf3's client had sent all is not in its count.
    assert result["end"]["sum_sent"]["bytes"] >= size_of(SOAK_BYTES)
    assert received_bytes(result) >= size_of(SOAK_BYTES) * 0.95
    assert codes == [0, 0], "a daemon did not end with 0"
    assert not any(reports), reports


def valgrind(lab: Lab) -> None:
    hosts = pair(lab, 1, ["val", "gus"])
    checked, other = hosts
    report = checked.directory / "valgrind.log"
    checked.wrapper = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite",
                       "--errors-for-leak-kinds=definite", f"--error-exitcode={VALGRIND_ERROR}",
                       f"--log-file={report}"]
    start(hosts, 60)
    echoes = [ping(checked.namespace, address, count=5) for address in (other.v4, other.v6)]
    transfers = [tcp_transfer(a.namespace, b.namespace, b.v4, os.urandom(VALGRIND_BYTES))
                 for a, b in ((checked, other), (other, checked))]
    checked.cli_json("status")
    checked.cli_json("routes")
    code = checked.stop(timeout_s=60)
    text = report.read_text()
    errors = ERRORS.search(text)
    leaks = LEAKS.search(text)
    show("release build under valgrind", ["what", "observed"], [
        ["echoes", ", ".join(f"{e.received}/{e.sent}" for e in echoes)],
        ["transfers out and in", ", ".join(f"{t.size >> 20} MiB at {t.megabits_per_second:.0f} "
                                           "Mbit/s" for t in transfers)],
        ["exit code after SIGTERM", code],
        ["errors", errors[1] if errors else "no summary"],
        ["definitely lost", f"{leaks[1]} bytes" if leaks else "0 bytes"]])
    if code != 0 or not errors or errors[1] != "0":
        print(text[-6000:])
    assert all(t.intact for t in transfers)
    assert code == 0, f"the daemon ended with {code} ({VALGRIND_ERROR}: valgrind found errors)"
    assert errors and errors[1] == "0"


def test(lab: Lab) -> None:
    if asan_binary().exists():
        soak(lab)
    else:
        assert os.environ.get("QE_REQUIRE_ASAN") != "1", f"there is no {asan_binary()}"
        print(f"not run: the sanitizer transfer, for there is no {asan_binary()} "
              "(tools/build asan makes it)")
    assert shutil.which("valgrind"), "valgrind is missing (tools/setup installs it)"
    assert release_binary().exists()
    valgrind(lab)


if __name__ == "__main__":
    sys.exit(run_test(test))
