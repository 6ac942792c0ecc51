#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants known bugs in a copy of the product and demands that the simulator's fuzzer finds them.

usage: planted_bugs.py [--work DIR] [--only NAME]... [--runs N] [--jobs N]

Each tests/sim/planted/NAME.patch begins with a sentence about the bug and these lines:

    expect: CHECKER [CHECKER...]   which checkers may be the first to object
    seed: N                        the fuzzer's first seed; it counts up from there

For each: the sources are copied, patched and built (without tests and benchmarks), and the fuzzer
runs until a checker objects. The unpatched copy must pass the same seeds. Prints a table; ends with
0 when every bug was found by a checker that was expected, and only then.

--work keeps the copy and its build for the next time; by default both are temporary.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PLANTED = TREE / "tests" / "sim" / "planted"
COPIED = ["CMakeLists.txt", "cmake", "include", "src", "tools"]
BUILD_SECONDS = 3600
FUZZ_SECONDS = 300


@dataclass
class Bug:
    name: str
    patch: Path
    about: str
    expect: list[str]
    seed: int


@dataclass
class Outcome:
    seed: int | None = None
    checker: str = ""
    what: str = ""
    virtual_seconds: float = 0
    runs: int = 0
    real_seconds: float = 0
    output: str = field(default="", repr=False)


def read_bug(patch: Path) -> Bug:
    head = patch.read_text().split("\n--- ", 1)[0]
    fields = dict(re.findall(r"^(expect|seed): *(.+)$", head, re.M))
    return Bug(patch.stem, patch, head.splitlines()[0], fields["expect"].split(),
               int(fields.get("seed", "1")))


class Copy:
    """The copied tree and its build."""

    def __init__(self, work: Path, jobs: int):
        self.tree = work / "tree"
        self.build = work / "build"
        self.jobs = jobs
        self.program = self.build / "quicether-sim"
        self.update()

    def update(self) -> None:
        """Takes over what has changed, keeping the times of what has not."""
        wanted = set()
        for top in COPIED:
            source = TREE / top
            for path in [source] if source.is_file() else sorted(source.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    wanted.add(path.relative_to(TREE))
        for path in wanted:
            self.take(path)
        for path in self.tree.rglob("*"):
            if path.is_file() and path.relative_to(self.tree) not in wanted:
                path.unlink()

    def take(self, path: Path) -> None:
        target = self.tree / path
        contents = (TREE / path).read_bytes()
        if target.is_file() and target.read_bytes() == contents:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents)
        shutil.copymode(TREE / path, target)

    def run(self, command: list[str], seconds: int) -> str:
        environment = dict(os.environ, CCACHE_BASEDIR=str(self.tree), CCACHE_NOHASHDIR="1")
        done = subprocess.run(command, cwd=self.tree, env=environment, timeout=seconds, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: failed\n{done.stdout[-4000:]}")
        return done.stdout

    def make(self) -> None:
        if not (self.build / "build.ninja").exists():
            self.run(["cmake", "-S", str(self.tree), "-B", str(self.build), "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Release", "-DQE_BUILD_TESTS=OFF",
                      "-DQE_BUILD_BENCH=OFF"], BUILD_SECONDS)
        self.run(["cmake", "--build", str(self.build), "-j", str(self.jobs), "--target",
                  "quicether-sim"], BUILD_SECONDS)

    def plant(self, bug: Bug) -> None:
        self.run(["patch", "-p1", "--no-backup-if-mismatch", "-i", str(bug.patch)], 60)

    def fuzz(self, seed: int, runs: int) -> Outcome:
        began = time.monotonic()
        try:
            done = subprocess.run([str(self.program), "fuzz", "--seed", str(seed), "--runs",
                                   str(runs), "--trace", str(self.build)], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=FUZZ_SECONDS)
            output, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as expired:
            output = (expired.stdout or b"").decode(errors="replace")
            code = None
        return read_outcome(output, code, time.monotonic() - began)


def read_outcome(output: str, code: int | None, real_seconds: float) -> Outcome:
    seeds = re.findall(r"^seed (\d+):", output, re.M)
    outcome = Outcome(runs=len(seeds), real_seconds=real_seconds, output=output)
    first = re.search(r"^seed (\d+): FAILED.*\n +([\d.]+)s ([a-z-]+): (.*)$", output, re.M)
    if first:
        outcome.seed = int(first[1])
        outcome.virtual_seconds = float(first[2])
        outcome.checker = first[3]
        outcome.what = first[4]
    elif code != 0:
        outcome.seed = int(seeds[-1]) if seeds else None
        outcome.checker = "time-limit" if code is None else "abort"
        outcome.what = output[-500:]
    return outcome


def examine(copy: Copy, bug: Bug, runs: int) -> tuple[Outcome, bool]:
    copy.plant(bug)
    try:
        copy.make()
        outcome = copy.fuzz(bug.seed, runs)
    finally:
        copy.update()
    return outcome, outcome.checker in bug.expect


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--runs", type=int, default=40, help="worlds to try for each bug")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("QUICETHER_JOBS", "2")))
    parser.add_argument("--verbose", action="store_true", help="say what the checkers said")
    options = parser.parse_args()

    bugs = [read_bug(patch) for patch in sorted(PLANTED.glob("*.patch"))]
    bugs = [bug for bug in bugs if not options.only or bug.name in options.only]
    if not bugs:
        parser.error("no such bug")
    work = options.work or Path(tempfile.mkdtemp(prefix="quicether-planted-"))
    failed = []
    needed: dict[int, int] = {}  # first seed -> runs
    try:
        copy = Copy(work.resolve(), options.jobs)
        print(row(["bug", "expected", "found by", "seed", "virtual time", "runs", "real time"]))
        print(row(["---"] * 7), flush=True)
        for bug in bugs:
            outcome, found = examine(copy, bug, options.runs)
            needed[bug.seed] = max(needed.get(bug.seed, 0), outcome.runs)
            print(row([bug.name, " ".join(bug.expect), outcome.checker or "nobody",
                       str(outcome.seed or "-"), f"{outcome.virtual_seconds:.1f} s",
                       str(outcome.runs), f"{outcome.real_seconds:.1f} s"]), flush=True)
            if not found:
                failed.append(bug.name)
            if options.verbose or not found:
                print(f"    {outcome.what}", flush=True)
        copy.make()
        for seed, runs in sorted(needed.items()):
            outcome = copy.fuzz(seed, runs)
            print(row(["(none)", "", outcome.checker or "nobody", f"{seed}..{seed + runs - 1}", "",
                       str(outcome.runs), f"{outcome.real_seconds:.1f} s"]), flush=True)
            if outcome.checker:
                failed.append(f"unpatched, seed {outcome.seed}")
                print(f"    {outcome.what}")
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
