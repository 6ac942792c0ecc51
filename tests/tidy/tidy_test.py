#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/tidy: a small good tree passes, and each way of spoiling it is found in its line.

The tree is made in a temporary folder, because bad files may not stand in this one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import weakref

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(PROJECT, "tools", "lib"))
import tidy_source  # noqa: E402

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def cpp(body):
    return LICENCE + body


def header(body=""):
    return LICENCE + "#pragma once\n" + body


GOOD = {
    "cmake/modules.table": "# SPDX-License-Identifier: Apache-2.0\nbase:\nnet: base\n"
                           "config: base net\nquic: base net\nhost: base net\n",
    ".clang-format": "BasedOnStyle: Google\nIndentWidth: 4\nColumnLimit: 100\n",
    "include/quicether/base/time.h": header(),
    "include/quicether/net/address.h": header('\n#include "quicether/base/time.h"\n'),
    "src/net/address.cpp": cpp('#include "quicether/net/address.h"\n\n#include <arpa/inet.h>\n\n'
                               '#include "net/digits.h"\n\n'
                               '// steady_clock and throw in a comment are no code.\n'
                               'const char* text() { return "getenv shared_ptr"; }\n'),
    "src/net/digits.h": header(),
    "src/quic/endpoint.cpp": cpp("#include <ngtcp2/ngtcp2.h>\n#include <sys/socket.h>\n"),
    "src/config/reader.cpp": cpp("#include <toml++/toml.h>\n"),
    "src/host/clock.cpp": cpp("#include <time.h>\n\n#include <thread>\n\n"
                              "auto read_clock() { return std::chrono::steady_clock::now(); }\n"),
    "tests/unit/net/address_test.cpp": cpp('#include <gtest/gtest.h>\n\n'
                                           '#include "net/digits.h"\n'),
}


class Tree:
    """A temporary tree: the good one with some files replaced or added."""

    def __init__(self, changes):
        self.folder = tempfile.mkdtemp()
        weakref.finalize(self, shutil.rmtree, self.folder)
        for path, text in {**GOOD, **changes}.items():
            full = os.path.join(self.folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)

    def tidy(self, *options):
        run = subprocess.run([sys.executable, os.path.join(PROJECT, "tools", "tidy"), "--root",
                              self.folder, *options],
                             capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr


class GoodTree(unittest.TestCase):
    def test_passes(self):
        code, output = Tree({}).tidy()
        self.assertEqual(code, 0, output)
        self.assertIn("tidy: 0 findings", output)


class SpoiledTree(unittest.TestCase):
    def expect(self, path, text, line, pattern):
        code, output = Tree({path: text}).tidy("--no-format")
        self.assertEqual(code, 1, output)
        findings = [found for found in output.splitlines() if found.startswith(f"{path}:{line}: ")]
        self.assertEqual(len(findings), 1, output)
        self.assertRegex(findings[0], pattern)
        self.assertIn(" — ", findings[0])

    def test_include_against_the_arrows(self):
        self.expect("src/net/a.cpp", cpp('#include "quicether/quic/endpoint.h"\n'), 2,
                    "net may not include quic")

    def test_include_between_middle_modules_in_a_public_header(self):
        self.expect("include/quicether/config/a.h", header('#include "quicether/quic/e.h"\n'), 3,
                    "config may not include quic")

    def test_table_with_an_arrow_down(self):
        self.expect("cmake/modules.table", "# SPDX-License-Identifier: Apache-2.0\nbase: net\n"
                    "net: base\nconfig:\nquic: net\nhost:\n", 2, "net, which does not stand above")

    def test_module_outside_the_table(self):
        self.expect("src/utils/a.cpp", cpp(""), 1, "utils is not a module")

    def test_private_header_in_public_header(self):
        self.expect("include/quicether/net/b.h", header('#include "net/digits.h"\n'), 3,
                    "public header includes private")

    def test_private_header_of_another_module(self):
        self.expect("src/quic/a.cpp", cpp('#include "net/digits.h"\n'), 2,
                    "not a private header of quic")

    def test_private_header_without_its_folder(self):
        self.expect("src/net/a.cpp", cpp('#include "digits.h"\n'), 2,
                    "not a private header of net")

    def test_unit_test_of_a_foreign_private_header(self):
        self.expect("tests/unit/quic/a_test.cpp", cpp('#include "net/digits.h"\n'), 2,
                    "private to net")

    def test_version_in_the_core(self):
        self.expect("src/net/a.cpp", cpp('#include "qe_version.h"\n'), 2, "belongs to the programs")

    def test_third_party_headers_in_the_wrong_place(self):
        for path, name in (("src/net/a.cpp", "ngtcp2/ngtcp2.h"), ("src/net/a.cpp", "uv.h"),
                           ("src/config/a.h", "toml++/toml.h"), ("src/net/a.cpp", "openssl/evp.h"),
                           ("include/quicether/quic/a.h", "ngtcp2/ngtcp2.h"),
                           ("src/net/a.cpp", "gtest/gtest.h"), ("src/quic/a.cpp", "CLI/CLI.hpp")):
            with self.subTest(name=name, path=path):
                text = (header if path.endswith(".h") else cpp)(f"#include <{name}>\n")
                self.expect(path, text, text.count("\n"), "may not be included here")

    def test_system_headers_in_the_core(self):
        for path, name in (("src/net/a.cpp", "sys/socket.h"), ("src/quic/a.cpp", "unistd.h"),
                           ("src/net/a.cpp", "linux/if.h"), ("src/net/a.h", "arpa/inet.h")):
            with self.subTest(name=name, path=path):
                text = (header if path.endswith(".h") else cpp)(f"#include <{name}>\n")
                self.expect(path, text, text.count("\n"), "may not be included here")

    def test_standard_headers_in_the_core(self):
        for name in ("thread", "mutex", "iostream", "fstream", "filesystem", "random", "future"):
            with self.subTest(name=name):
                self.expect("src/net/a.cpp", cpp(f"#include <{name}>\n"), 2, "no place in the core")

    def test_words_in_the_core(self):
        for code, reason in (
                ("auto t = std::chrono::steady_clock::now();", "virtual clock"),
                ("auto t = std::chrono::system_clock::now();", "virtual clock"),
                ("auto t = time(nullptr);", "virtual clock"),
                ("int r = clock_gettime(0, &spec);", "virtual clock"),
                ("std::thread worker;", "one thread"), ("std::mutex lock;", "one thread"),
                ("int fd = ::socket(2, 1, 0);", "only host"),
                ("auto n = sendmsg(fd, &message, 0);", "only host"),
                ('auto v = getenv("HOME");', "hidden input"),
                ("std::random_device device;", "seed"), ("int r = rand();", "seed"),
                ("void f() { std::cout << 1; }", "no terminal"),
                ('void f() { printf("x"); }', "no terminal"),
                ("std::shared_ptr<int> p;", "shared ownership"),
                ("void f() { throw 1; }", "errors are values")):
            with self.subTest(code=code):
                self.expect("src/net/a.cpp", cpp(code + "\n"), 2, reason)

    def test_words_in_a_public_header(self):
        self.expect("include/quicether/net/a.h", header("inline auto f() { return rand(); }\n"), 3,
                    "seed")

    def test_throw_is_banned_in_the_shell_too(self):
        self.expect("src/host/a.cpp", cpp("void f() { throw 1; }\n"), 2, "errors are values")

    def test_missing_licence(self):
        self.expect("src/net/a.cpp", "int a = 1;\n", 1, "no licence line")
        self.expect("tools/x", "#!/bin/sh\ntrue\n", 1, "no licence line")

    def test_missing_pragma_once(self):
        self.expect("src/net/a.h", LICENCE, 1, "no include guard")

    def test_long_line_counts_characters_not_bytes(self):
        self.expect("src/net/a.cpp", cpp("// " + "x" * 98 + "\n"), 2, "line of 101 columns")
        code, output = Tree({"src/net/a.cpp": cpp("// " + "ü" * 97 + "\n")}).tidy("--no-format")
        self.assertEqual(code, 0, output)

    def test_long_file(self):
        self.expect("src/net/a.cpp", cpp("\n" * 550), 551, "file of 551 lines")

    def test_large_file_and_function_are_warnings(self):
        body = "void f() {\n" + "    g();\n" * 420 + "}\n"
        code, output = Tree({"src/net/a.cpp": cpp(body)}).tidy("--no-format")
        self.assertEqual(code, 0, output)
        self.assertIn("warning: src/net/a.cpp:2: function of 422 lines", output)
        self.assertIn("warning: src/net/a.cpp:423: file of 423 lines", output)

    def test_traces_of_a_registry_or_a_machine(self):
        for words in (("see deb", ".debian.org"), ("from pypi", ".org"), ("in /wo", "rk/main"),
                      ("in /ro", "ot/x")):
            with self.subTest(words=words):
                self.expect("docs/a.md", "\n" + "".join(words) + "\n", 2, "names a")

    def test_format(self):
        tree = Tree({"src/net/a.cpp": cpp("int  a   = 1;\n")})
        code, output = tree.tidy()
        self.assertEqual(code, 1, output)
        self.assertRegex(output, re.compile(r"^src/net/a\.cpp:2: not formatted", re.M))

    def test_fix_repairs_format_and_own_includes(self):
        tree = Tree({"src/net/a.cpp": cpp('#include "digits.h"\n\nint  a   = 1;\n')})
        code, output = tree.tidy("--fix")
        self.assertEqual(code, 0, output)
        with open(os.path.join(tree.folder, "src/net/a.cpp"), encoding="utf-8") as file:
            self.assertEqual(file.read(), cpp('#include "net/digits.h"\n\nint a = 1;\n'))


class Functions(unittest.TestCase):
    def lengths(self, text):
        return tidy_source.functions(text)

    def test_counts_signature_to_closing_brace(self):
        self.assertEqual(self.lengths("int f(int a,\n      int b) {\n    return a;\n}\n"), [(1, 4)])

    def test_sees_members_and_constructors_with_braced_initializers(self):
        text = ("class A {\n  public:\n    A() : x_{1}, y_(2) {\n        f();\n    }\n"
                "    int get() const noexcept { return x_; }\n  private:\n    int x_{0};\n};\n")
        self.assertEqual(self.lengths(text), [(3, 3), (6, 1)])

    def test_ignores_values_lambdas_and_literals(self):
        text = ('constexpr int kA[] = {1, 2};\nauto f = [](int a) {\n    return a;\n};\n'
                'const char* s = "} {";\nvoid g() {\n    auto h = [] { return \'{\'; };\n}\n')
        self.assertEqual(self.lengths(text), [(6, 3)])

    def test_sees_trailing_return_types_and_namespaces(self):
        text = "namespace a {\nnamespace {\nauto f() -> int {\n    return 1;\n}\n}\n}\n"
        self.assertEqual(self.lengths(text), [(3, 3)])


if __name__ == "__main__":
    unittest.main()
