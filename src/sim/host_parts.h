// SPDX-License-Identifier: Apache-2.0
//
// The private parts of a Host that both of its sources need.
#pragma once

#include <optional>
#include <vector>

#include "sim/determinism.h"
#include "sim/host.h"

namespace qe::sim {

/// An interface: what the topology delivers to, and where it takes from.
class Host::Nic final : public Receiver {
  public:
    Nic(Host& owner, std::size_t number) : index(number), host_(owner) {}

    void receive(Packet packet) override {
        if (carrier && has(packet.destination.ip)) {
            host_.receive(std::move(packet));
        }
    }

    /// Its addresses with the lengths of their networks' prefixes.
    [[nodiscard]] std::vector<net::Prefix> prefixes() const {
        std::vector<net::Prefix> all;
        if (attachment) {
            all.push_back(attachment->v4);
            if (attachment->v6) {
                all.push_back(*attachment->v6);
            }
        }
        return all;
    }
    [[nodiscard]] bool has(const net::IpAddress& address) const noexcept {
        return attachment && (attachment->v4.address() == address ||
                              (attachment->v6 && attachment->v6->address() == address));
    }
    /// As a kernel counts: 1 is the loopback interface.
    [[nodiscard]] std::uint32_t interface_index() const noexcept {
        return static_cast<std::uint32_t>(index) + 2;
    }

    std::size_t index;  ///< Among the host's interfaces.
    std::optional<Attachment> attachment;
    Receiver* entry = nullptr;  ///< Null without a network.
    bool carrier = true;

  private:
    Host& host_;
};

/// While one lives the TLS library draws from the host's own stream and reads the world's clock.
class Host::Scope {
  public:
    explicit Scope(Host& host) noexcept;

  private:
    TlsRandomness randomness_;
};

}  // namespace qe::sim
