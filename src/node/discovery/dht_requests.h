// SPDX-License-Identifier: Apache-2.0
//
// DhtRequests: control requests that need the DHT, from their start to their reply. Bounded.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "node/discovery/record_publisher.h"
#include "quicether/dht/dht.h"
#include "quicether/node/node.h"

namespace qe::node {

inline constexpr std::size_t kDhtRequestsMax = 32;

[[nodiscard]] bool is_dht_request(const control::Request& request) noexcept;

class DhtRequests {
  public:
    DhtRequests(NodeState& state, RecordPublisher& publisher)
        : state_(state), publisher_(publisher) {}

    /// Starts a request for which is_dht_request() holds, but of status or nodes. The reply if it
    /// fails at once.
    [[nodiscard]] std::optional<control::Reply> start(base::Instant now, dht::Dht& dht,
                                                      RequestId id,
                                                      const control::Request& request);
    /// The reply, if the operation was one of ours.
    [[nodiscard]] std::optional<ControlReply> handle_finished(const dht::LookupFinished& finished);
    [[nodiscard]] std::optional<ControlReply> handle_finished(const dht::StoreFinished& finished);
    /// One that waits, when the Dht is gone.
    [[nodiscard]] std::optional<ControlReply> poll_abandoned();

  private:
    enum class What : std::uint8_t { Item, Node, Peers, Announcement };
    struct Waiting {
        RequestId id = 0;
        What what = What::Item;
        std::optional<std::int64_t> seq;  ///< put of a mutable item.
    };
    using Started = base::Result<dht::OperationId>;

    [[nodiscard]] std::optional<control::Reply> get(base::Instant now, dht::Dht& dht, RequestId id,
                                                    const control::DhtGetRequest& request);
    [[nodiscard]] std::optional<control::Reply> put(base::Instant now, dht::Dht& dht, RequestId id,
                                                    const control::DhtPutRequest& request);
    [[nodiscard]] std::optional<control::Reply> lookup(base::Instant now, dht::Dht& dht,
                                                       RequestId id,
                                                       const control::DhtLookupRequest& request);
    [[nodiscard]] std::optional<control::Reply> announce(
        base::Instant now, dht::Dht& dht, RequestId id, const control::DhtAnnounceRequest& request);
    [[nodiscard]] std::optional<control::Reply> peers(base::Instant now, dht::Dht& dht,
                                                      RequestId id,
                                                      const control::DhtPeersRequest& request);
    [[nodiscard]] std::optional<control::Reply> wait(const Started& started, Waiting waiting);
    [[nodiscard]] std::optional<Waiting> take(dht::OperationId operation);

    NodeState& state_;
    RecordPublisher& publisher_;
    std::map<dht::OperationId, Waiting> waiting_;
};

}  // namespace qe::node
