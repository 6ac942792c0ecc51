// SPDX-License-Identifier: Apache-2.0
//
// UdpFlow: datagrams of one size at a constant rate, like a call. Each carries its number; the rest
// of its bytes follow from flow and number, so that the other end sees what was altered, repeated
// or overtaken.
#pragma once

#include "sim/traffic/flow.h"

namespace qe::sim {

class UdpFlow final : public Flow {
  public:
    using Flow::Flow;

  private:
    void begin() override;
    void send();
    void handle(base::ByteView packet);

    std::uint64_t next_expected_ = 0;  ///< One above the highest number that came.
};

}  // namespace qe::sim
