// SPDX-License-Identifier: Apache-2.0
//
// OwnNetwork: the network this node is a member of, if any: what it holds, what has changed in it,
// what is to be told to others, and what is to be stored.
//
// The other parts of membership change it; NetworkKeeper takes the changes once an input has been
// dealt with, and makes of them what follows. A change of our own (an invite used, a certificate, a
// revocation) is stored at once, news of others within a pause that grows with the network.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "node/membership/own_membership.h"
#include "node/node_state.h"
#include "quicether/network/address_choice.h"
#include "quicether/node/node.h"

namespace qe::node {

/// What is new since the last time.
struct NetworkChanges {
    bool everything = false;           ///< Another network, or its document.
    bool trust = false;                ///< Who is let in.
    std::set<crypto::NodeId> members;  ///< And guests: who they are, or what they own.

    [[nodiscard]] bool any() const noexcept { return everything || trust || !members.empty(); }
};

/// News for all members but the one it came from.
struct NewsItem {
    network::Item item;
    PeerHandle source;
};

class OwnNetwork {
  public:
    explicit OwnNetwork(NodeState& state) : state_(state) {}

    void enter(OwnMembership membership);
    /// Is a member no more: nothing remains stored.
    void leave();

    [[nodiscard]] explicit operator bool() const noexcept { return own_.has_value(); }
    [[nodiscard]] OwnMembership& operator*() noexcept { return *own_; }
    [[nodiscard]] const OwnMembership& operator*() const noexcept { return *own_; }
    [[nodiscard]] OwnMembership* operator->() noexcept { return &*own_; }
    [[nodiscard]] const OwnMembership* operator->() const noexcept { return &*own_; }
    [[nodiscard]] bool is_admin() const noexcept { return own_ && own_->authority; }
    [[nodiscard]] bool has_member(const crypto::NodeId& id) const {
        return own_ && own_->directory.find(id) != nullptr;
    }
    /// This node as a member; null if there is no such certificate.
    [[nodiscard]] const network::Member* self() const;
    /// Of the others, not of this node.
    [[nodiscard]] const network::AddressClaims& claims() const noexcept { return claims_; }

    // --- Changes -------------------------------------------------------------------------------
    /// Takes in items that `source` has sent; the number of those that were news.
    std::size_t merge(const std::vector<network::Item>& items, PeerHandle source);
    /// The directory has another statement about a member, made here: spreads it.
    void tell(network::Item item, PeerHandle except = {});
    /// The directory has changed about `id`; what follows is due, but nothing is spread.
    void note(const crypto::NodeId& id);
    void note_trust() noexcept { changes_.trust = true; }
    void note_everything() noexcept { changes_.everything = changes_.trust = true; }
    [[nodiscard]] const NetworkChanges& changes() const noexcept { return changes_; }
    [[nodiscard]] NetworkChanges take_changes();
    [[nodiscard]] std::vector<NewsItem> take_news();

    // --- Storing -------------------------------------------------------------------------------
    /// Has all written with the next poll; persisted() tells when that is safe.
    std::uint64_t store_now();
    void store_soon() noexcept { store_soon_ = own_.has_value(); }
    void handle_persisted(std::uint64_t number) noexcept;
    /// The last number of store_now() that is safe.
    [[nodiscard]] std::uint64_t persisted() const noexcept { return persisted_; }
    /// Writes what is due, or all that is not written yet.
    void write(base::Instant now, bool all);
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    [[nodiscard]] std::optional<PersistState> poll_state();

  private:
    /// Byte for byte what the directory has: each neighbour tells the same news, and signatures are
    /// dear to check.
    [[nodiscard]] bool holds(const network::Item& item) const;
    void remember(const network::Item& item, const network::MergeOutcome& outcome);
    void report(const network::Item& item, const network::MergeOutcome& outcome);
    void update_claim(const crypto::NodeId& id);
    [[nodiscard]] base::Instant next_write() const noexcept;

    NodeState& state_;
    std::optional<OwnMembership> own_;
    network::AddressClaims claims_;
    NetworkChanges changes_;
    std::vector<NewsItem> news_;
    std::unordered_map<std::size_t, crypto::NodeId> subjects_;  ///< Of items, by their hash.

    bool store_soon_ = false;
    bool store_now_ = false;
    base::Instant written_at_;
    std::uint64_t number_ = 0;  ///< Of the last write.
    std::uint64_t persisted_ = 0;
    std::optional<PersistState> state_to_write_;
};

}  // namespace qe::node
