// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C as a request to finish in good order: while an InterruptWatch lives, the first SIGINT only
// sets a flag. One at a time.
#pragma once

#include <csignal>

#include "quicether/base/time.h"

namespace qe::app {

class InterruptWatch {
  public:
    InterruptWatch() noexcept;
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    [[nodiscard]] bool interrupted() const noexcept;

    /// Waits, at most until the interrupt.
    void sleep(base::Duration span) const noexcept;

  private:
    struct sigaction before_ {};
};

}  // namespace qe::app
