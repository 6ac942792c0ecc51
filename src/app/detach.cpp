// SPDX-License-Identifier: Apache-2.0
#include "app/detach.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qe::app {
namespace {

tl::unexpected<std::string> failed(const char* what) {
    return tl::unexpected(fmt::format("cannot go to the background: {}: {}; start without --daemon",
                                      what, std::generic_category().message(errno)));
}

struct Pipe {
    int read_end = -1;
    int write_end = -1;

    [[nodiscard]] bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) {
            return false;
        }
        read_end = ends[0];
        write_end = ends[1];
        return true;
    }
};

/// Leaves the terminal and everything inherited from it but the way back to the parent.
[[noreturn]] void run_child(const std::function<int(int)>& body, const Pipe& ready,
                            const Pipe& text) {
    setsid();
    // The parent stops reading our standard error once we are ready.
    std::signal(SIGPIPE, SIG_IGN);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(text.write_end, STDERR_FILENO);
    close(nothing);
    close(text.write_end);
    close(text.read_end);
    close(ready.read_end);
    if (chdir("/") != 0) {
        _exit(1);
    }
    _exit(body(ready.write_end));
}

/// Copies what can be read to standard error; false at the end.
bool pass_on(int from) {
    std::array<char, 4096> buffer{};
    const ssize_t size = read(from, buffer.data(), buffer.size());
    if (size > 0) {
        [[maybe_unused]] const ssize_t written =
            write(STDERR_FILENO, buffer.data(), static_cast<std::size_t>(size));
    }
    return size > 0 || (size < 0 && errno == EINTR);
}

/// Until the child says that it is ready (true), or has closed the descriptor (false).
bool wait_until_ready(int ready, int text) {
    std::array<pollfd, 2> ends{{{ready, POLLIN, 0}, {text, POLLIN, 0}}};
    for (;;) {
        if (poll(ends.data(), ends.size(), -1) < 0) {
            continue;  // EINTR
        }
        if (ends[1].revents != 0 && !pass_on(text)) {
            ends[1].fd = -1;
        }
        if (ends[0].revents != 0 && ends[1].revents == 0) {
            char byte = 0;
            return read(ready, &byte, 1) == 1;
        }
    }
}

Detached follow_child(pid_t child, int ready, int text) {
    if (wait_until_ready(ready, text)) {
        return {true, child, 0};
    }
    while (pass_on(text)) {
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return {false, child, WIFEXITED(status) ? WEXITSTATUS(status) : 1};
}

}  // namespace

tl::expected<Detached, std::string> run_detached(const std::function<int(int ready_fd)>& body) {
    Pipe ready;
    Pipe text;
    if (!ready.open() || !text.open()) {
        return failed("pipe");
    }
    const pid_t child = fork();
    if (child < 0) {
        return failed("fork");
    }
    if (child == 0) {
        run_child(body, ready, text);
    }
    close(ready.write_end);
    close(text.write_end);
    Detached result = follow_child(child, ready.read_end, text.read_end);
    close(ready.read_end);
    close(text.read_end);
    return result;
}

}  // namespace qe::app
