// SPDX-License-Identifier: Apache-2.0
//
// Middlebox: a device between an inside and an outside, such as a NAT box or a firewall.
//
// It decides about a packet at once and hands it on in the same call, if it lets it pass. Boxes are
// put in series by joining the inner one's outside to the outer one's inside.
#pragma once

#include "quicether/base/assert.h"
#include "sim/packet.h"

namespace qe::sim {

class Middlebox {
  public:
    virtual ~Middlebox() = default;
    Middlebox(const Middlebox&) = delete;
    Middlebox& operator=(const Middlebox&) = delete;

    /// To be called before the first packet. Both must outlive the box.
    void join(Receiver& to_inside, Receiver& to_outside) noexcept {
        to_inside_ = &to_inside;
        to_outside_ = &to_outside;
    }
    /// Takes what comes from the inside.
    [[nodiscard]] Receiver& inside() noexcept { return inside_; }
    /// Takes what comes from the outside.
    [[nodiscard]] Receiver& outside() noexcept { return outside_; }

  protected:
    Middlebox() = default;

    virtual void handle_outbound(Packet packet) = 0;
    virtual void handle_inbound(Packet packet) = 0;

    void pass_inside(Packet packet) {
        QE_ASSERT(to_inside_ != nullptr);
        to_inside_->receive(std::move(packet));
    }
    void pass_outside(Packet packet) {
        QE_ASSERT(to_outside_ != nullptr);
        to_outside_->receive(std::move(packet));
    }

  private:
    class Side final : public Receiver {
      public:
        Side(Middlebox& box, void (Middlebox::*handle)(Packet)) : box_(box), handle_(handle) {}
        void receive(Packet packet) override { (box_.*handle_)(std::move(packet)); }

      private:
        Middlebox& box_;
        void (Middlebox::*handle_)(Packet);
    };

    Receiver* to_inside_ = nullptr;
    Receiver* to_outside_ = nullptr;
    Side inside_{*this, &Middlebox::handle_outbound};
    Side outside_{*this, &Middlebox::handle_inbound};
};

}  // namespace qe::sim
