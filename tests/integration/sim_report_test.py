#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# labels: beside
"""The HTML report of a simulation, opened in a real browser: are its plots really drawn?

A short scenario runs with --report. Headless Chromium lays the page out and says where each plot
and each line of it should be and in which colour; then it takes a picture of the page, and the
pixels must agree. A copy under a Content-Security-Policy that forbids scripts and everything from
elsewhere must look the same. Needs Chromium; --keep DIR leaves page and pictures there.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lib import png

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("QUICETHER_BIN", REPOSITORY / "build/release/quicether"))
SIMULATOR = BINARY.with_name("quicether-sim")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SKIPPED = 77
WIDTH, HEIGHT = 1000, 1800  # of the window; the whole page is in it
TIMEOUT_S = 120
# Of each channel. Lines are smoothed at their edges, areas are not.
LINE_DISTANCE_MAX = 60
AREA_DISTANCE_MAX = 4

# Paths of different lengths, so that no line hides another; a crash leaves gaps and a mark.
SCENARIO = """
title = "Three nodes of which one crashes"
duration = "20s"

[[host]]
name = "near"
link = { rtt = "10ms", rate = "20mbit" }
[[host]]
name = "middle"
link = { rtt = "40ms", rate = "20mbit" }
[[host]]
name = "far"
link = { rtt = "90ms", rate = "20mbit" }

[[traffic]]
kind = "ping"
name = "echoes"
from = "all"
pairs = "ring"
interval = "200ms"
start = "1s"

[[traffic]]
kind = "udp"
name = "calls"
from = "all"
pairs = "ring"
interval = "50ms"
packet_bytes = 300
start = "1s"

[[traffic]]
kind = "tcp"
name = "download"
from = "near"
to = "middle"
bytes = "10MB"
start = "2s"

[[at]]
time = "10s"
action = "restart"
host = "far"
after = "3s"

[[expect]]
metric = "meshed"
within = "5s"
"""

# Ends up as the page's title, which --dump-dom prints.
PROBE = """<script>
const box = (element) => {
  const r = element.getBoundingClientRect();
  return [r.left, r.top, r.right, r.bottom];
};
console.error("probe");
document.title = "PROBE" + JSON.stringify({
  paper: getComputedStyle(document.body).backgroundColor,
  height: document.documentElement.scrollHeight,
  plots: [...document.querySelectorAll("svg")].map((svg) => ({
    name: svg.getAttribute("aria-label"), box: box(svg),
    texts: [...svg.querySelectorAll("text")].map((t) => t.textContent),
    lines: [...svg.querySelectorAll("path.line")].map((p) => ({
      name: p.textContent, box: box(p), colour: getComputedStyle(p).stroke })),
    cells: [...svg.querySelectorAll("rect")].map((r) => ({
      name: r.getAttribute("class"), box: box(r), colour: getComputedStyle(r).fill })),
    marks: svg.querySelectorAll(".mark").length,
  })),
  keys: [...document.querySelectorAll(".key span")].map((s) => ({
    name: s.textContent, box: box(s.querySelector("i")),
    colour: getComputedStyle(s.querySelector("i")).backgroundColor })),
});
</script>"""

POLICY = ('<meta http-equiv="Content-Security-Policy" '
          'content="default-src \'none\'; style-src \'unsafe-inline\'">')


def browse(page: Path, *options: str) -> tuple[str, list[str]]:
    """What the browser prints, and what pages wrote to its console."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--force-device-scale-factor=1",
             "--force-color-profile=srgb", "--disable-lcd-text",
             f"--user-data-dir={profile}", "--enable-logging=stderr", f"--window-size={WIDTH},{HEIGHT}", *options, page.as_uri()],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"chromium: exit {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def take_picture(page: Path, out: Path) -> None:
    _, console = browse(page, f"--screenshot={out}")
    assert not console, f"the page complains: {console}"


def layout(page: Path, directory: Path) -> dict[str, Any]:
    probe = directory / "probe.html"
    probe.write_text(page.read_text().replace("</html>", PROBE + "</html>"))
    dom, console = browse(probe, "--dump-dom")
    assert console, "the browser does not show what pages write to its console"
    found = re.search(r"<title>PROBE(.*?)</title>", dom, re.DOTALL)
    assert found, f"the browser has not run the probe: {dom[:500]}"
    return json.loads(html.unescape(found[1]))


def channels(colour: str) -> tuple[int, ...]:
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert found, f"{colour} is no colour that can be seen"
    return tuple(int(number) for number in found.groups())


def count_pixels(image: png.Image, box: list[float], colour: str,
                 distance_max: int = AREA_DISTANCE_MAX) -> tuple[int, int]:
    """How many pixels within the box are about of the colour, and in how many columns."""
    wanted = channels(colour)
    left, top = max(0, int(box[0])), max(0, int(box[1]) - 1)
    right, bottom = min(image.width, int(box[2]) + 1), min(image.height, int(box[3]) + 2)
    columns = set()
    pixels = 0
    for x in range(left, right):
        for y in range(top, bottom):
            there = image.pixel(x, y)
            if all(abs(a - b) <= distance_max for a, b in zip(there, wanted)):
                pixels += 1
                columns.add(x)
    return pixels, len(columns)


def check_lines(image: png.Image, plot: dict[str, Any]) -> None:
    assert plot["lines"], f"{plot['name']}: has no lines"
    for line in plot["lines"]:
        pixels, columns = count_pixels(image, line["box"], line["colour"], LINE_DISTANCE_MAX)
        width = line["box"][2] - line["box"][0]
        print(f"  {line['name']:<22} {line['colour']:<20} {pixels:6} px in {columns} of "
              f"{width:.0f} columns")
        # Other lines cross it, and it has a gap while nothing comes.
        assert width > 100, f"{plot['name']}: {line['name']} is {width:.0f} pixels wide"
        assert columns > width / 4, f"{plot['name']}: {line['name']} is not to be seen"
    units = {text.split()[1] for text in plot["texts"] if " " in text}
    assert len(units) == 1, f"{plot['name']}: its axis should have one unit: {plot['texts']}"


def check_cells(image: png.Image, plot: dict[str, Any]) -> None:
    kinds = set()
    for cell in plot["cells"]:
        left, top, right, bottom = cell["box"]
        pixels, _ = count_pixels(image, [left + 1, top + 1, right - 2, bottom - 2], cell["colour"])
        area = max(1, int(right) - int(left)) * max(1, int(bottom) - int(top))
        assert pixels > area / 2, f"{plot['name']}: a cell that is {cell['name']} is not to be seen"
        kinds.add(cell["name"])
    print(f"  {len(plot['cells'])} cells: {', '.join(sorted(kinds))}")
    assert {"full", "off"} <= kinds, f"{plot['name']}: the crash does not show: {kinds}"


def check_page(image: png.Image, seen: dict[str, Any]) -> None:
    paper = channels(seen["paper"])
    assert seen["height"] <= HEIGHT, f"the page is {seen['height']} pixels high"
    names = [plot["name"] for plot in seen["plots"]]
    assert len(names) == 5, f"plots: {names}"
    for plot in seen["plots"]:
        print(plot["name"])
        assert any(text.endswith("s") for text in plot["texts"]), f"{plot['name']}: no time axis"
        assert plot["marks"] >= 2, f"{plot['name']}: the crash and the restart are not marked"
        if plot["cells"]:
            check_cells(image, plot)
        else:
            check_lines(image, plot)
    for drawn in (part for plot in seen["plots"] for part in plot["lines"] + plot["cells"]):
        contrast = max(abs(a - b) for a, b in zip(channels(drawn["colour"]), paper))
        assert contrast > 20, f"{drawn['name']} is of the colour of the page"
    legend = {key["name"] for key in seen["keys"]}
    for line in (line for plot in seen["plots"] for line in plot["lines"]):
        assert line["name"] in legend, f"{line['name']} is not in a legend: {legend}"
    for key in seen["keys"]:
        pixels, _ = count_pixels(image, key["box"], key["colour"])
        assert pixels > 50, f"the legend does not show the colour of {key['name']}"


def check_alone(page: Path, shot: Path, directory: Path) -> None:
    """Without scripts and without anything from elsewhere it looks the same."""
    text = page.read_text()
    for foreign in ("<script", "http:", "https:", "src=", "@import", "url("):
        assert foreign not in text, f"the page has {foreign}"
    guarded = directory / "guarded.html"
    guarded.write_text(text.replace("<meta charset", POLICY + "<meta charset", 1))
    assert POLICY in guarded.read_text()
    alone = directory / "guarded.png"
    take_picture(guarded, alone)
    assert alone.read_bytes() == shot.read_bytes(), "it needs something from elsewhere"


def check(directory: Path) -> None:
    scenario = directory / "three.toml"
    scenario.write_text(SCENARIO)
    page = directory / "report.html"
    done = subprocess.run([str(SIMULATOR), "run", str(scenario), "--report", str(page),
                           "--failures", str(directory)],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    shot = directory / "report.png"
    take_picture(page, shot)
    check_page(png.read(shot), layout(page, directory))
    check_alone(page, shot, directory)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path)
    keep = parser.parse_args().keep
    if CHROMIUM is None:
        print("SKIPPED: needs chromium")
        return SKIPPED
    with tempfile.TemporaryDirectory() as temporary:
        directory = keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            check(directory)
        except AssertionError as failure:
            print(f"FAILED: {failure}")
            return 1
    print("PASSED")
    return 0


if __name__ == "__main__":
    sys.exit(main())
