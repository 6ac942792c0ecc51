// SPDX-License-Identifier: Apache-2.0
//
// Emulator: all links, the commands that make and change them, and those that wait for their time.
//
//     link NAME END END [interface-mtu BYTES] [CONDITION VALUE]...
//     set LINK [ab|ba] CONDITION VALUE...     down LINK     up LINK
//     at TIME COMMAND...                      stats         quit
//
// An end is NAMESPACE/INTERFACE. `at` counts from the moment it is read. "*" is every link. Empty
// lines and what follows a # are nothing. Whoever drives it supplies the time and waits for the
// descriptors of ends().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "link.h"

namespace qe::linkemu {

class Emulator {
  public:
    explicit Emulator(std::uint64_t seed) : seed_(seed) {}

    /// The answer in one line: "ok", "error: …" or JSON. Empty if the line holds no command.
    [[nodiscard]] std::string execute(base::Instant now, std::string_view line);

    /// Runs what `at` has put off; `complain` gets those that fail.
    void run_due(base::Instant now, const std::function<void(const std::string&)>& complain);
    void deliver(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    /// Of all directions of links; being late by a small part of it does not show.
    [[nodiscard]] base::Duration shortest_delay() const noexcept;

    [[nodiscard]] const std::vector<std::unique_ptr<Link>>& links() const noexcept {
        return links_;
    }
    [[nodiscard]] bool ended() const noexcept { return ended_; }

  private:
    using Words = std::span<const std::string_view>;
    [[nodiscard]] Checked<std::string> run(base::Instant now, std::string_view line);
    [[nodiscard]] Checked<std::string> at(base::Instant now, std::string_view rest);
    [[nodiscard]] Checked<std::string> add(Words words);
    [[nodiscard]] Checked<std::string> set(base::Instant now, Words words);
    [[nodiscard]] Checked<std::string> set_up(base::Instant now, Words words, bool up);
    [[nodiscard]] Checked<std::vector<Link*>> named(Words words) const;
    [[nodiscard]] std::string statistics() const;

    std::uint64_t seed_;
    std::vector<std::unique_ptr<Link>> links_;
    std::multimap<base::Instant, std::string> put_off_;
    bool ended_ = false;
};

}  // namespace qe::linkemu
