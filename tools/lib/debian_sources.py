#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a deb822 list of Debian *source* suites from the machine's own Debian apt entries.

usage: debian_sources.py OUTPUT "suite suite …" ["suite …" …]

Only entries of Debian itself are taken (signed by Debian's archive keyring, or unsigned-by with a
path that ends in /debian); their addresses are copied, so that a local mirror stays in use and no
host name is written down in this project. The security archive's address is used for suites that
end in "-security", the main archive's for all others.
"""

import glob
import os
import re
import sys

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)


def deb822_entries(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields, last = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and last:
                fields[last] += " " + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if "uris" in fields:
            yield fields["uris"].split(), fields.get("signed-by", "")


def one_line_entries(text):
    for line in text.splitlines():
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s+)?(\S+)\s+\S+", line)
        if match:
            signed = re.search(r"signed-by=(\S+)", match.group(1) or "")
            yield [match.group(2)], signed.group(1) if signed else ""


def machine_entries():
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if not os.path.isfile(path) or not path.endswith((".list", ".sources")):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield from (deb822_entries if path.endswith(".sources") else one_line_entries)(text)


def debian_addresses():
    """Return ([main archive…], [security archive…])."""
    main, security = [], []
    for uris, signed_by in machine_entries():
        if signed_by and "debian-archive" not in signed_by:
            continue
        for uri in uris:
            path = uri.rstrip("/")
            if not signed_by and not re.search(r"/debian(-security)?$", path):
                continue
            target = security if path.endswith("debian-security") else main
            if uri not in target:
                target.append(uri)
    return main, security


def stanza(uris, suites, keyring):
    lines = ["Types: deb-src", "URIs: " + " ".join(uris), "Suites: " + " ".join(suites)]
    lines += ["Components: main"] + ([f"Signed-By: {keyring}"] if keyring else [])
    return "\n".join(lines) + "\n"


def main():
    output, suites = sys.argv[1], " ".join(sys.argv[2:]).split()
    archive, security = debian_addresses()
    if not archive:
        sys.exit("no Debian archive among the machine's apt sources")
    keyring = next((path for path in KEYRINGS if os.path.exists(path)), "")
    plain = [suite for suite in suites if not suite.endswith("-security")]
    secure = [suite for suite in suites if suite.endswith("-security")]
    stanzas = [stanza(archive, plain, keyring)]
    if security and secure:
        stanzas.append(stanza(security, secure, keyring))
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(stanzas))


if __name__ == "__main__":
    main()
