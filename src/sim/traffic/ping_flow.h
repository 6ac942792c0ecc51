// SPDX-License-Identifier: Apache-2.0
//
// PingFlow: echo requests at an interval (RFC 792, RFC 4443), answered by the other host itself.
//
// The sequence number on the wire has 16 bits; a reply counts for the youngest request it can mean.
#pragma once

#include "sim/traffic/flow.h"

namespace qe::sim {

class PingFlow final : public Flow {
  public:
    using Flow::Flow;

  private:
    void begin() override;
    void send();
    void handle_reply(base::ByteView packet);
};

}  // namespace qe::sim
