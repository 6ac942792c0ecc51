// SPDX-License-Identifier: Apache-2.0
//
// Link: two TUN interfaces and a LinkModel for each direction between them. "a" is the end that was
// named first, "ab" what travels from there.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "link_model.h"
#include "packet_pool.h"
#include "tun_port.h"

namespace qe::linkemu {

/// The index of an end, and of the direction that begins there.
enum Side : std::size_t { kA = 0, kB = 1 };
inline constexpr std::array<const char*, 2> kDirectionNames = {"ab", "ba"};

class Link {
  public:
    Link(std::string name, std::array<TunPort, 2> ends, std::size_t interface_mtu,
         std::uint64_t seed, const Conditions& conditions);

    /// Takes the packets that wait at an end, at most a batch of them.
    void read(base::Instant now, std::size_t side);
    /// Hands on all that has arrived.
    void deliver(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    /// Cuts the link and takes the carrier off both interfaces, or ends that.
    void set_up(base::Instant now, bool up);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const Conditions& conditions(std::size_t side) const noexcept {
        return conditions_[side];
    }
    void set_conditions(base::Instant now, std::size_t side, const Conditions& conditions);
    [[nodiscard]] const TunPort& end(std::size_t side) const noexcept { return ends_[side]; }
    /// Conditions and counters as JSON.
    [[nodiscard]] std::string statistics() const;

  private:
    void release_dropped(LinkModel& model);
    [[nodiscard]] std::string statistics(std::size_t side) const;

    std::string name_;
    std::array<TunPort, 2> ends_;
    std::array<Conditions, 2> conditions_;
    std::array<LinkModel, 2> models_;
    PacketPool pool_;
};

}  // namespace qe::linkemu
