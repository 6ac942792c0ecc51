# SPDX-License-Identifier: Apache-2.0
"""The rules that tools/tidy enforces, as data. Which module may include which other module is not
here but in cmake/modules.table, because CMake reads it too."""

# The modules that may know the operating system or the real world's time. All others are core.
SHELL_MODULES = {"host", "app", "sim", "simulator"}

# Those that become programs: they may include the version and the operating system's headers.
PROGRAM_MODULES = {"host", "app", "simulator"}

# Command line -> the module whose private headers it drives; that one has no public ones.
PROGRAM_OF = {"simulator": "sim"}

# Header prefix -> {module: where}. "public": any file of the module; "private": files below
# src/<module>; "cpp": .cpp files only.
THIRD_PARTY = {
    "tl/": {"*": "public"},
    "fmt/": {"*": "public"},
    "sodium": {"base": "cpp", "crypto": "private"},
    "openssl/": {"crypto": "private", "quic": "private", "sim": "cpp"},
    "ngtcp2/": {"quic": "private"},
    "toml++/": {"config": "cpp"},
    "nlohmann/": {"control": "cpp", "sim": "cpp"},
    "spdlog/": {"host": "cpp"},
    "uv.h": {"host": "private"},
    "libmnl/": {"host": "private"},
    "boost/": {"host": "private"},
    "CLI/": {"app": "private", "simulator": "private"},
    "gtest/": {},
    "gmock/": {},
    "benchmark/": {},
}

# Operating system headers that a core module may use, with the files: types and pure functions
# only. Everything else that ends in .h belongs to host and app.
SYSTEM_HEADERS = {
    "arpa/inet.h": {"net": "cpp", "quic": "private"},
    "netinet/in.h": {"quic": "private"},
    "sys/socket.h": {"quic": "private"},
    "sys/time.h": {"sim": "cpp"},
}

# C++ headers that a core module has no use for, with what to do instead.
CORE_BANNED_HEADERS = {
    "thread": "one thread owns a Node; start none",
    "mutex": "one thread owns a Node; nothing needs a lock",
    "shared_mutex": "one thread owns a Node; nothing needs a lock",
    "condition_variable": "return a deadline from next_deadline() instead of waiting",
    "future": "queue the result and hand it out with a poll_*() function",
    "iostream": "write to the log front (quicether/base/log.h)",
    "fstream": "host reads the file and passes its bytes",
    "filesystem": "host knows the file system; pass bytes and names in",
    "random": "take the injected generator (quicether/base/rng.h)",
}

# (name, pattern, scope, reason, what to do). Scope "core": all but SHELL_MODULES; "all": every
# module. Patterns are matched against code with comments and literals blanked.
BANNED_WORDS = [
    ("clock", r"\b(?:steady_clock|system_clock|high_resolution_clock|gettimeofday|clock_gettime)\b"
     r"|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)", "core",
     "the core must run unchanged under a virtual clock", "take `now` as an argument"),
    ("thread", r"\bstd::(?:j?thread|this_thread)\b|\bpthread_\w+", "core",
     "one thread owns a Node", "be a state machine: handle_*, poll_*, next_deadline"),
    ("lock", r"\bstd::(?:\w*mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b",
     "core", "one thread owns a Node", "remove the lock"),
    ("socket", r"(?<![\w.>:])(?:::)?(?:socket|sendmsg|sendmmsg|recvmsg|recvmmsg|sendto|recvfrom)"
     r"\s*\(\s*[^)\s]", "core", "only host touches the operating system",
     "hand the bytes out of a poll_*() function"),
    ("environment", r"\b(?:secure_)?getenv\b", "core",
     "the environment is hidden input", "read it in app and pass a Config value"),
    ("randomness", r"\brandom_device\b|(?<![\w.>])s?rand\s*\(|\b(?:getrandom|arc4random)\w*\s*\(",
     "core", "runs must repeat from a seed", "take the injected generator (quicether/base/rng.h)"),
    ("output", r"\bstd::(?:cout|cerr|clog)\b|\b(?:std::)?(?:v?f?printf|puts|fputs|putchar)\s*\("
     r"|\bfmt::print\b", "core", "the core has no terminal",
     "write to the log front (quicether/base/log.h)"),
    ("shared ownership", r"\b(?:std::)?(?:shared_ptr|make_shared|weak_ptr)\b", "core",
     "shared ownership hides who ends an object's life",
     "use a value, unique_ptr, or a SlotMap handle"),
    ("throw", r"\bthrow\b", "all", "our errors are values", "return a Result (QE_TRY passes it on)"),
]

# (file, rule) -> reason. Rules: names of BANNED_WORDS, "header <name>", "file length". An entry
# that excuses nothing is itself a finding.
EXCEPTIONS = {
    ("src/base/assert.cpp", "output"): "the last words before abort(); no log can be trusted then",
}

# What no file may mention: package registries (a build takes what the machine is configured for)
# and folders of one machine.
BANNED_IN_TREE = [
    (r"\b(?:deb|ftp|httpredir|security|snapshot|archive)\.(?:debian|ubuntu)\.(?:org|net|com)\b",
     "names a package registry", "leave the choice to the machine's package configuration"),
    (r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems)\.(?:org|io)\b|\bproxy\.golang\.org\b"
     r"|\b(?:ghcr|quay|docker)\.io\b",
     "names a package registry", "leave the choice to the machine's package configuration"),
    (r"(?<![\w}.)*-])/(?:work|root)/|/tmp/(?:build)-",
     "names a folder of one machine", "use a path relative to the tree, or a variable"),
]

LINE_COLUMNS_MAX = 100
FILE_LINES_WARN = 400
FILE_LINES_MAX = 550
FUNCTION_LINES_WARN = 60
