// SPDX-License-Identifier: Apache-2.0
//
// Console: where a verb's answer goes, as text for people or as JSON for scripts.
//
// Answers go to standard output, sentences about failures and warnings to standard error. With
// --json a failure is an error document on standard output as well, so that a script reads one
// stream only.
#pragma once

#include <ostream>
#include <string_view>

#include "app/exit_code.h"
#include "app/palette.h"
#include "quicether/control/document.h"

namespace qe::app {

class Console {
  public:
    /// The streams outlive the Console.
    Console(std::ostream& out, std::ostream& err, Palette palette, bool json) noexcept
        : out_(&out), err_(&err), palette_(palette), json_(json) {}

    [[nodiscard]] bool json() const noexcept { return json_; }
    [[nodiscard]] const Palette& palette() const noexcept { return palette_; }

    /// As it is, and at once.
    void print(std::string_view text);
    void print(const control::Reply& reply);
    void print(const control::Document& document);

    /// "quicether: warning: …" on standard error.
    void warn(std::string_view sentence);

    /// The sentences on standard error, nothing else.
    void explain(const Failure& failure);

    /// Says why and hands back the exit code.
    [[nodiscard]] ExitCode fail(const Failure& failure);

  private:
    std::ostream* out_;
    std::ostream* err_;
    Palette palette_;
    bool json_;
};

}  // namespace qe::app
