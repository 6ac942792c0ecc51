// SPDX-License-Identifier: Apache-2.0
//
// linkemu: links between network namespaces, with a rate, a queue, delay, jitter and loss, which
// may change while traffic flows. docs/linkemu.md tells how to use it.
//
//     linkemu [--control SOCKET] [--seed N] [--no-realtime] [-e COMMAND]... [FILE]...
//     linkemu send SOCKET COMMAND...
//
// Prints "ready" when the commands given so have been executed, and runs until `quit` or a signal.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emulator.h"
#include "event_loop.h"
#include "line_source.h"

namespace {

using namespace qe;
using namespace qe::linkemu;

constexpr const char* kUsage =
    "usage: linkemu [--control SOCKET] [--seed N] [--no-realtime] [-e COMMAND]... [FILE]...\n"
    "       linkemu send SOCKET COMMAND...\n"
    "FILE has a command in each line; - is standard input, which stays open for more.\n"
    "commands:\n"
    "  link NAME END END [interface-mtu BYTES] [CONDITION VALUE]...\n"
    "  set LINK [ab|ba] CONDITION VALUE...\n"
    "  down LINK, up LINK, at TIME COMMAND..., stats, quit\n"
    "END is NAMESPACE/INTERFACE. Conditions: rate 100M, queue 64K or 50ms, delay 20ms, jitter "
    "2ms,\n"
    "  distribution uniform|normal|exponential, loss 1%, bursts 0.5%,25%,100%,0%, reorder 2%,5ms,\n"
    "  duplicate 0.1%, mtu 1400, blackhole on|off\n";

[[noreturn]] void usage(int code) {
    std::fputs(kUsage, code == 0 ? stdout : stderr);
    std::exit(code);
}

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "linkemu: %s\n", what.c_str());
    std::exit(1);
}

struct Options {
    std::string control;
    std::uint64_t seed = 1;
    bool realtime = true;
    std::vector<std::string> commands;
    bool standard_input = false;
};

void read_file(const std::string& path, Options& options) {
    std::ifstream file(path);
    if (!file) {
        fail(path + " cannot be read");
    }
    for (std::string line; std::getline(file, line);) {
        options.commands.push_back(line);
    }
}

Options parse(const std::vector<std::string>& words) {
    Options options;
    std::size_t i = 0;
    const auto value = [&]() -> const std::string& {
        return ++i < words.size() ? words[i] : (usage(2), words[0]);
    };
    for (; i < words.size(); ++i) {
        if (words[i] == "--help" || words[i] == "-h") {
            usage(0);
        } else if (words[i] == "--control") {
            options.control = value();
        } else if (words[i] == "--seed") {
            const std::string& text = value();
            const char* end = text.data() + text.size();
            if (std::from_chars(text.data(), end, options.seed).ptr != end) {
                usage(2);
            }
        } else if (words[i] == "--no-realtime") {
            options.realtime = false;
        } else if (words[i] == "-e") {
            options.commands.push_back(value());
        } else if (words[i] == "-") {
            options.standard_input = true;
        } else if (words[i].starts_with('-')) {
            usage(2);
        } else {
            read_file(words[i], options);
        }
    }
    return options;
}

/// Others on a busy machine must not delay packets. Without the right to it the emulator is less
/// exact, no more.
void hurry() {
    const sched_param priority{.sched_priority = 1};
    if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
        std::fputs("linkemu: no real-time priority: packets may come late\n", stderr);
    }
}

int send(const std::vector<std::string>& words) {
    if (words.size() < 3) {
        usage(2);
    }
    std::string command;
    for (std::size_t i = 2; i < words.size(); ++i) {
        command += (i == 2 ? "" : " ") + words[i];
    }
    const auto answer = ask(words[1], command);
    if (!answer) {
        fail(answer.error());
    }
    std::fputs(answer->c_str(), stdout);
    return answer->starts_with("error") ? 1 : 0;
}

int run(const Options& options) {
    Emulator emulator(options.seed);
    // Sleepers of an ordinary process are woken up to 50 us late on purpose.
    ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    if (options.realtime) {
        hurry();
    }
    EventLoop loop(emulator);
    const base::Instant start = EventLoop::now();
    for (const std::string& command : options.commands) {
        if (const std::string answer = emulator.execute(start, command);
            answer.starts_with("error")) {
            fail(command + ": " + answer);
        }
    }
    if (!options.control.empty()) {
        auto listener = listen_at(options.control);
        if (!listener) {
            fail(listener.error());
        }
        loop.add_listener(std::move(*listener));
    }
    if (options.standard_input) {
        loop.add_source(host::FileDescriptor(::dup(STDIN_FILENO)), STDOUT_FILENO);
    }
    std::puts("ready");
    std::fflush(stdout);
    loop.run();

    if (!options.control.empty()) {
        ::unlink(options.control.c_str());
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    return !words.empty() && words[0] == "send" ? send(words) : run(parse(words));
}
