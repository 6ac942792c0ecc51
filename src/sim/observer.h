// SPDX-License-Identifier: Apache-2.0
//
// Observer: what watches a world. Checkers, the trace, and the gatherers of figures are observers.
//
// Calls come while the event runs, in the order in which things happen; an observer must not change
// the world. Views are valid during the call only.
#pragma once

#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/base/log.h"
#include "sim/packet.h"

namespace qe::sim {

enum class HostChange : std::uint8_t {
    Started,    ///< Its node runs, with what its disk holds.
    Crashed,    ///< The process is gone without a word.
    Left,       ///< shutdown() has drained.
    Suspended,  ///< Neither time nor packets reach it.
    Resumed,
    Moved,  ///< Its addresses or interfaces changed.
};

class Observer {
  public:
    virtual ~Observer() = default;

    /// A host's stack gave its TUN device one IP packet (super-packets are told by their segments).
    virtual void on_tun_read(HostId /*host*/, base::ByteView /*packet*/) {}
    /// A node gave its host one IP packet.
    virtual void on_tun_written(HostId /*host*/, base::ByteView /*packet*/) {}
    /// A datagram left a host, before anything can happen to it.
    virtual void on_sent(HostId /*host*/, const Packet& /*packet*/) {}
    /// A datagram reached a node.
    virtual void on_received(HostId /*host*/, const Packet& /*packet*/) {}
    virtual void on_host(HostId /*host*/, HostChange /*change*/) {}
    /// The scenario did something to the world: one line for people.
    virtual void on_action(std::string_view /*what*/) {}
    /// A node's log record of level Info and above.
    virtual void on_log(HostId /*host*/, base::LogLevel /*level*/, std::string_view /*message*/) {}
    /// Each virtual second, for what is only seen by asking.
    virtual void on_second() {}
};

}  // namespace qe::sim
