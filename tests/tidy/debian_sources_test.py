#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of how tools/setup picks Debian's own entries from a machine's apt sources."""

import os
import sys
import unittest

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(PROJECT, "tools", "lib"))
import debian_sources  # noqa: E402

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Deb822(unittest.TestCase):
    def test_reads_every_stanza_and_skips_disabled_ones(self):
        text = (f"Types: deb\n# a comment\nURIs: mirror/debian\nSuites: stable\nSigned-By: {KEYRING}\n"
                "\nEnabled: no\nTypes: deb\nURIs: mirror/off\n"
                "\nTypes: deb\nURIs: other/a\n other/b\nSigned-By: /etc/other.gpg\n")
        self.assertEqual(list(debian_sources.deb822_entries(text)),
                         [(["mirror/debian"], KEYRING),
                          (["other/a", "other/b"], "/etc/other.gpg")])


class OneLine(unittest.TestCase):
    def test_reads_options_and_skips_comments(self):
        text = (f"# deb mirror/x stable main\ndeb [arch=amd64 signed-by={KEYRING}] mirror/debian s m\n"
                "deb-src mirror/debian-security stable-security main\n")
        self.assertEqual(list(debian_sources.one_line_entries(text)),
                         [(["mirror/debian"], KEYRING), (["mirror/debian-security"], "")])


class Choice(unittest.TestCase):
    def choose(self, entries):
        debian_sources.machine_entries = lambda: iter(entries)
        return debian_sources.debian_addresses()

    def test_takes_only_debian_and_tells_security_apart(self):
        entries = [(["m/debian"], KEYRING), (["m/debian-security/"], KEYRING),
                   (["other/linux/debian"], "/etc/other.gpg"), (["n/debian/"], ""), (["n/x"], "")]
        self.assertEqual(self.choose(entries),
                         (["m/debian", "n/debian/"], ["m/debian-security/"]))

    def test_finds_nothing_on_a_machine_without_debian(self):
        self.assertEqual(self.choose([(["mirror/ubuntu"], "/etc/ubuntu.gpg")]), ([], []))


if __name__ == "__main__":
    unittest.main()
