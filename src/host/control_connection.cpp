// SPDX-License-Identifier: Apache-2.0
#include "host/control_connection.h"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "host/clock.h"
#include "quicether/control/json.h"

namespace qe::host {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
/// Sent output is cut off the buffer in pieces of this size, not after every write.
constexpr std::size_t kCompactBytes = 256 * 1024;
/// With more than this unsent, the next request waits.
constexpr std::size_t kCongestedBytes = 256 * 1024;

bool would_block(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

ControlConnection::ControlConnection(EventLoop& loop, FileDescriptor fd, base::Instant now,
                                     OnInput on_input)
    : fd_(std::move(fd)),
      on_input_(std::move(on_input)),
      progress_(now),
      watch_(loop, fd_.get(), [this](FdEvents events) { on_ready(events); }) {
    update_watch();
}

void ControlConnection::on_ready(FdEvents events) {
    if (events.writable) {
        write_some();
        serve_lines();
    }
    if (events.readable && state_ != State::Closed) {
        read_some();
    }
    update_watch();
}

void ControlConnection::read_some() {
    std::array<char, kReadBytes> buffer;
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && would_block(errno)) {
        return;
    }
    if (size < 0) {
        state_ = State::Closed;
        return;
    }
    if (size == 0) {
        input_ended_ = true;
        finish_closing();
        serve_lines();
        return;
    }
    progress_ = boottime_now();
    if (state_ == State::Open) {
        input_.append(buffer.data(), static_cast<std::size_t>(size));
        serve_lines();
    }
}

/// A loop, not a recursion: complete_request() comes back here from within on_input_.
void ControlConnection::serve_lines() {
    if (in_serve_lines_) {
        return;
    }
    in_serve_lines_ = true;
    bool starved = false;
    // Who asks faster than it reads waits for its own answers, not for the bound that drops it.
    while (!starved && !serving_ && state_ == State::Open && unsent() < kCongestedBytes) {
        starved = !serve_one_line();
    }
    in_serve_lines_ = false;
    input_.erase(0, std::exchange(consumed_, 0));
    if (starved && input_ended_) {
        close_when_sent();
    }
}

bool ControlConnection::serve_one_line() {
    const std::string_view rest = std::string_view(input_).substr(consumed_);
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (line.size() > control::kRequestBytesMax) {
        serving_ = true;
        on_input_(Input::TooLong, {});
        return true;
    }
    if (end == std::string_view::npos) {
        return false;
    }
    serving_ = true;
    consumed_ += end + 1;
    on_input_(Input::Line, line);
    return true;
}

void ControlConnection::complete_request() {
    serving_ = false;
    progress_ = boottime_now();
    serve_lines();
    update_watch();
}

bool ControlConnection::send_line(std::string_view line) {
    if (state_ == State::Closed) {
        return false;
    }
    if (unsent() > kUnsentBytesMax) {
        state_ = State::Closed;
        return false;
    }
    if (unsent() == 0) {
        progress_ = boottime_now();
    }
    output_ += line;
    output_ += '\n';
    write_some();
    update_watch();
    return state_ != State::Closed;
}

void ControlConnection::write_some() {
    while (sent_ < output_.size()) {
        const ssize_t size = ::send(fd_.get(), output_.data() + sent_, output_.size() - sent_,
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size < 0 && would_block(errno)) {
            break;
        }
        if (size < 0) {
            state_ = State::Closed;
            return;
        }
        sent_ += static_cast<std::size_t>(size);
        progress_ = boottime_now();
    }
    if (sent_ == output_.size() || sent_ > kCompactBytes) {
        output_.erase(0, sent_);
        sent_ = 0;
    }
    finish_closing();
}

void ControlConnection::finish_closing() {
    if (state_ == State::Closing && output_.empty()) {
        ::shutdown(fd_.get(), SHUT_WR);
        state_ = input_ended_ ? State::Closed : state_;
    }
}

void ControlConnection::close_when_sent() {
    if (state_ == State::Open) {
        state_ = State::Closing;
        write_some();
        update_watch();
    }
}

void ControlConnection::update_watch() {
    if (state_ == State::Closed) {
        watch_.set({});
        return;
    }
    // While a request is served its successors wait in the socket, but a hang-up must be noticed.
    const bool room = input_.size() <= control::kRequestBytesMax;
    watch_.set({!input_ended_ && (room || state_ == State::Closing), sent_ < output_.size()});
}

void ControlConnection::expire(base::Instant now) noexcept {
    pollfd hang_up{fd_.get(), 0, 0};
    if (input_ended_ && ::poll(&hang_up, 1, 0) > 0) {
        state_ = State::Closed;  // Both directions are shut: nobody will read the answer.
        return;
    }
    const base::Duration idle = now - progress_;
    const bool closing = state_ == State::Closing && output_.empty();
    const bool waits_for_us = serving_ && output_.empty() && state_ == State::Open;
    if (!waits_for_us && idle > (closing ? kLinger : kPatience)) {
        state_ = State::Closed;
    }
}

}  // namespace qe::host
