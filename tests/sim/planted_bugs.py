#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants known bugs in a copy of the product and demands that the simulator's fuzzer finds them.

usage: planted_bugs.py [--work DIR] [--only NAME]... [--search N] [--jobs N] [--verbose]

Each tests/sim/planted/NAME.patch begins with a sentence about the bug and these lines:

    checker: CHECKER   which checker must be the first to object
    seed: N            in the world of which seed

The sources are copied and built once, without tests and benchmarks; then each bug in turn is
planted, the program built again, and the fuzzer run with the bug's seed. Without any bug nobody may
object at the same seeds. Prints a table; ends with 0 when all that held, and only then.

A change of the product or the fuzzer may make other worlds of the same seeds. With --search N the
seeds from 1 to N are tried until the checker objects, and the patch is given the seed that was
found. --work keeps the copy and its build for the next time; by default both are temporary.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PLANTED = TREE / "tests" / "sim" / "planted"
COPIED = ["CMakeLists.txt", "cmake", "include", "src", "tools"]
BUILD_SECONDS = 3600
FUZZ_SECONDS = 120
NOBODY = "nobody"


@dataclass
class Bug:
    name: str
    patch: Path
    about: str
    checker: str
    seed: int

    def files(self) -> list[Path]:
        return [Path(f) for f in re.findall(r"^\+\+\+ b/(\S+)", self.patch.read_text(), re.M)]

    def record(self, seed: int) -> None:
        """Writes another seed into the patch."""
        self.seed = seed
        text = re.sub(r"^seed: .*$", f"seed: {seed}", self.patch.read_text(), count=1, flags=re.M)
        self.patch.write_text(text)


@dataclass
class Outcome:
    """Of one run: who objected first, if anybody."""
    seed: int
    checker: str = NOBODY
    what: str = ""
    virtual_seconds: float = 0
    real_seconds: float = 0


def read_bug(patch: Path) -> Bug:
    head = patch.read_text().split("\n--- ", 1)[0]
    fields = dict(re.findall(r"^(checker|seed): *(\S+)$", head, re.M))
    if fields.keys() != {"checker", "seed"}:
        sys.exit(f"{patch}: name the checker and the seed before the patch itself")
    return Bug(patch.stem, patch, head.splitlines()[0], fields["checker"], int(fields["seed"]))


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
            self.write(path, (TREE / path).read_bytes())
            shutil.copymode(TREE / path, self.tree / path)
        for path in self.tree.rglob("*"):
            if path.is_file() and path.relative_to(self.tree) not in wanted:
                path.unlink()

    def write(self, path: Path, contents: bytes) -> None:
        target = self.tree / path
        if not (target.is_file() and target.read_bytes() == contents):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents)

    def run(self, command: list[str], seconds: int) -> None:
        environment = dict(os.environ, CCACHE_BASEDIR=str(self.tree), CCACHE_NOHASHDIR="1")
        done = subprocess.run(command, cwd=self.tree, env=environment, timeout=seconds, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: failed\n{done.stdout[-4000:]}")

    def make(self) -> None:
        if not (self.build / "build.ninja").exists():
            self.run(["cmake", "-S", str(self.tree), "-B", str(self.build), "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Release", "-DQE_BUILD_TESTS=OFF",
                      "-DQE_BUILD_BENCH=OFF"], BUILD_SECONDS)
        self.run(["cmake", "--build", str(self.build), "-j", str(self.jobs), "--target",
                  "quicether-sim"], BUILD_SECONDS)

    def examine(self, bug: Bug, seeds: list[int]) -> Outcome:
        """Plants the bug and runs worlds until the checker objects that is meant for it."""
        clean = {path: (self.tree / path).read_bytes() for path in bug.files()}
        try:
            self.run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-i",
                      str(bug.patch)], 60)
            self.make()
            outcome = Outcome(seeds[0])
            for seed in seeds:
                outcome = self.fuzz(seed)
                if outcome.checker == bug.checker:
                    break
            return outcome
        finally:
            for path, contents in clean.items():
                self.write(path, contents)

    def fuzz(self, seed: int) -> Outcome:
        outcome = Outcome(seed)
        began = time.monotonic()
        try:
            done = subprocess.run([str(self.program), "fuzz", "--seed", str(seed), "--runs", "1",
                                   "--trace", str(self.build)], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=FUZZ_SECONDS)
        except subprocess.TimeoutExpired:
            outcome.checker = "time-limit"
            return outcome
        outcome.real_seconds = time.monotonic() - began
        first = re.search(r"^seed \d+: FAILED.*\n +([\d.]+)s ([a-z-]+): (.*)$", done.stdout, re.M)
        if first:
            outcome.virtual_seconds = float(first[1])
            outcome.checker, outcome.what = first[2], first[3]
        elif done.returncode != 0:
            outcome.checker, outcome.what = "abort", done.stdout[-500:]
        return outcome


def row(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def try_all(copy: Copy, bugs: list[Bug], options: argparse.Namespace) -> list[str]:
    """What failed."""
    failed = []
    sound = {}
    row(["bug", "checker", "objected", "seed", "virtual time", "real time", "without it"])
    row(["---"] * 7)
    copy.make()
    if not options.search:
        sound = {bug.seed: copy.fuzz(bug.seed) for bug in bugs}
    unpatched = shutil.copy(copy.program, copy.build / "unpatched")
    for bug in bugs:
        seeds = list(range(1, options.search + 1)) if options.search else [bug.seed]
        outcome = copy.examine(bug, seeds)
        if outcome.seed not in sound:
            copy.program, planted = Path(unpatched), copy.program
            sound[outcome.seed] = copy.fuzz(outcome.seed)
            copy.program = planted
        without = sound[outcome.seed]
        row([bug.name, bug.checker, outcome.checker, str(outcome.seed),
             f"{outcome.virtual_seconds:.1f} s", f"{outcome.real_seconds:.1f} s",
             without.checker])
        if options.verbose or outcome.checker != bug.checker:
            print(f"    {outcome.what}", flush=True)
        if without.checker != NOBODY:
            failed.append(f"seed {outcome.seed} without a bug: {without.what}")
        if outcome.checker != bug.checker:
            failed.append(f"{bug.name}: {bug.checker} had nothing to say")
        elif options.search:
            bug.record(outcome.seed)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="where the copy and its build are kept")
    parser.add_argument("--only", action="append", default=[], help="name of a bug")
    parser.add_argument("--search", type=int, default=0, help="try this many seeds, record one")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("QUICETHER_JOBS", "2")))
    parser.add_argument("--verbose", action="store_true", help="say what the checkers said")
    options = parser.parse_args()

    bugs = [read_bug(patch) for patch in sorted(PLANTED.glob("*.patch"))]
    bugs = [bug for bug in bugs if not options.only or bug.name in options.only]
    if not bugs:
        parser.error("no such bug")
    work = options.work or Path(tempfile.mkdtemp(prefix="quicether-planted-"))
    try:
        failed = try_all(Copy(work.resolve(), options.jobs), bugs, options)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    for what in failed:
        print(f"FAILED: {what}")
    if failed and not options.search:
        print("Other worlds of the same seeds? --search 100 looks for seeds that show the bugs.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
