// SPDX-License-Identifier: Apache-2.0
#include "node/membership/presence.h"

#include <algorithm>
#include <utility>

#include "node/own_addresses.h"
#include "quicether/network/address_choice.h"
#include "quicether/route/overlay_address.h"

namespace qe::node {
namespace {

/// A record that says the same is renewed when half of its life is over.
constexpr base::seconds kRecordLife{3600};
constexpr base::Duration kRecordRenewal = base::seconds(1800);

const std::string kConflictProblem = "network overlap";

bool says_the_same(const network::NodeRecord& a, const network::NodeRecord& b) {
    return a.name == b.name && a.role == b.role && a.underlay == b.underlay && a.ipv4 == b.ipv4 &&
           a.subnets == b.subnets;
}

}  // namespace

void Presence::begin() {
    address_.reset();
    record_at_ = base::Instant::never();
    handle_host_change();
    if (const network::Member* const self = network_.self(); self != nullptr && self->record) {
        address_ = self->record->value.ipv4;
    }
}

void Presence::handle_host_change() {
    std::vector<HostConflict> found;
    if (network_) {
        found = find_host_conflicts(state_.view, network_->directory.document().ipv4);
    }
    if (found == conflicts_) {
        return;
    }
    conflicts_ = std::move(found);
    state_.network_conflicts.clear();
    for (const HostConflict& conflict : conflicts_) {
        std::string sentence = to_sentence(conflict, network_->directory.document().ipv4);
        state_.log.warn("{}", sentence);
        state_.network_conflicts.push_back(std::move(sentence));
    }
    if (conflicts_.empty()) {
        state_.log.info("the network's addresses overlap nothing of this host any more");
        state_.problems.erase(kConflictProblem);
    } else {
        state_.problems[kConflictProblem] = state_.network_conflicts.front();
    }
}

void Presence::update(base::Instant now) {
    const network::Member* const self = network_.self();
    if (self == nullptr) {
        return;
    }
    choose_address();
    update_record(now, *self);
}

void Presence::choose_address() {
    network::AddressRules rules{
        network_->directory.document().ipv4, &route::derive_overlay_ipv4, {}, {}};
    for (const HostConflict& conflict : conflicts_) {
        rules.avoid.push_back(conflict.theirs);
    }
    for (const Interface& interface : state_.view.interfaces) {
        for (const net::Prefix& prefix : interface.addresses) {
            rules.in_use.insert(prefix.address());
        }
    }
    const auto chosen = network::choose_address(state_.id, address_, network_.claims(), rules);
    if (!chosen) {
        state_.problems["address"] = "no IPv4 address of the network is free";
        address_.reset();
        return;
    }
    state_.problems.erase("address");
    if (address_ && *address_ != *chosen) {
        state_.log.warn("{} belongs to a member with a smaller node id: this node is {} now",
                        address_->to_string(), chosen->to_string());
    }
    address_ = *chosen;
}

network::NodeRecord Presence::make_record(const network::Member& self) const {
    network::NodeRecord record;
    record.key = state_.key;
    record.name = self.attributes.name;
    record.role = self.attributes.role;
    record.underlay = own_addresses(state_);
    record.ipv4 = address_;
    record.subnets = state_.config.network.advertise_subnets;
    record.subnets.resize(std::min(record.subnets.size(), network::kRecordSubnetsMax));
    record.ttl = kRecordLife;
    record.issued = state_.wall_now;
    record.sequence =
        static_cast<std::uint64_t>(std::max<std::int64_t>(state_.wall_now.seconds, 1));
    return record;
}

void Presence::update_record(base::Instant now, const network::Member& self) {
    network::NodeRecord record = make_record(self);
    if (self.record) {
        const network::NodeRecord& last = self.record->value;
        if (says_the_same(last, record) && now < record_at_ && !record_at_.is_never()) {
            return;
        }
        record.sequence = std::max(record.sequence, last.sequence + 1);
    }
    record_at_ = now + kRecordRenewal;
    const auto made = network::sign_record(state_.identity, record, network_->directory.id());
    if (!made) {
        state_.log.warn("this node's record cannot be made: {}", made.error().text);
        return;
    }
    network_.merge({{network::ItemKind::Record, made->encoded}}, {});
}

}  // namespace qe::node
