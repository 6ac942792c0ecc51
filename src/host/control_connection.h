// SPDX-License-Identifier: Apache-2.0
//
// ControlConnection: one client of the control socket, as lines in and lines out.
//
// Requests are served one after another: the next line is looked at when the last is complete.
// Memory is bounded both ways: a line by control::kRequestBytesMax, unsent output by
// kUnsentBytesMax beyond one reply; who does not read is dropped. Closing lingers: the write side
// is shut first and input thrown away, so that a last reply is not lost to a reset.
// It owns no policy: what a line means is the server's business.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/event_loop.h"
#include "host/file_descriptor.h"
#include "quicether/base/time.h"

namespace qe::host {

class ControlConnection {
  public:
    static constexpr std::size_t kUnsentBytesMax = 4U << 20;
    /// A client that neither sends a whole request nor reads its answer is dropped after this.
    static constexpr base::Duration kPatience = base::seconds(30);
    /// How long a closing connection waits for the other side to close too.
    static constexpr base::Duration kLinger = base::seconds(2);

    enum class Input : std::uint8_t { Line, TooLong };
    /// One request line without its newline, or the news that there is none within the bound.
    using OnInput = std::function<void(Input, std::string_view)>;

    ControlConnection(EventLoop& loop, FileDescriptor fd, base::Instant now, OnInput on_input);

    /// Appends a newline and sends what the socket takes. False: the client was too slow.
    bool send_line(std::string_view line);
    /// The current request is served: on with the next.
    void complete_request();
    /// No more input; closed() once everything is sent and the client has closed, or lingered.
    void close_when_sent();

    [[nodiscard]] bool closed() const noexcept { return state_ == State::Closed; }
    /// Drops the connection if its time is up.
    void expire(base::Instant now) noexcept;

  private:
    enum class State : std::uint8_t { Open, Closing, Closed };

    void on_ready(FdEvents events);
    void read_some();
    void serve_lines();
    [[nodiscard]] bool serve_one_line();
    void write_some();
    void finish_closing();
    void update_watch();
    [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() - sent_; }

    FileDescriptor fd_;
    OnInput on_input_;
    State state_ = State::Open;
    bool serving_ = false;      ///< A request is being answered.
    bool input_ended_ = false;  ///< The client has shut its write side.
    base::Instant progress_;    ///< When bytes last moved, or a reply was due.
    bool in_serve_lines_ = false;
    std::string input_;
    std::size_t consumed_ = 0;  ///< Bytes of input_ served already, within serve_lines().
    std::string output_;
    std::size_t sent_ = 0;  ///< Bytes of output_ gone already.
    FdWatch watch_;         ///< Last: it goes before the descriptor it watches.
};

}  // namespace qe::host
