// SPDX-License-Identifier: Apache-2.0
//
// LineSource: commands from a descriptor (a connection or standard input), a line each, and answers
// back, a line each.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "conditions.h"
#include "host/file_descriptor.h"

namespace qe::linkemu {

class LineSource {
  public:
    /// What makes an answer out of a command.
    using Execute = std::function<std::string(std::string_view)>;

    /// Answers go to `output`, which is not closed.
    LineSource(host::FileDescriptor input, int output)
        : input_(std::move(input)), output_(output) {}

    [[nodiscard]] int fd() const noexcept { return input_.get(); }
    /// Executes the lines that can be read; false at the end.
    [[nodiscard]] bool handle_input(const Execute& execute);

  private:
    void answer(const std::string& line) const;

    host::FileDescriptor input_;
    int output_;
    std::string begun_;
};

/// A listening Unix socket; an old one at the same path goes.
[[nodiscard]] Checked<host::FileDescriptor> listen_at(const std::string& path);

/// Sends one command to a running emulator and returns its answer.
[[nodiscard]] Checked<std::string> ask(const std::string& path, const std::string& command);

}  // namespace qe::linkemu
