// SPDX-License-Identifier: Apache-2.0
//
// Upkeep: keeps the tables true with little traffic.
//
// It asks contacts that have been silent for a lifetime for a sign of life, nodes that were heard
// of and would fit the table for a first answer, and says when the own neighbourhood should be
// looked up again. A check of a contact whose bucket has room is a find_node, whose answer names
// nodes for it. Endpoints outside the table are met at a limited rate; when nobody answers at all,
// checks become rare, for then the network is gone and not the contacts.
#pragma once

#include <vector>

#include "dht/courier.h"
#include "dht/rate.h"
#include "dht/tables.h"

namespace qe::dht {

class Upkeep {
  public:
    Upkeep(const DhtConfig& config, base::Rng& rng, base::Instant now, Tables& tables,
           Courier& courier) noexcept;

    /// A node that somebody named, or that sent a query: not verified.
    void consider(const Contact& contact);
    /// A node outside the table was contacted by a lookup that upkeep asked for.
    void count_new_endpoint(base::Instant now) noexcept { pace_.count(now, pace_limit_); }

    void handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    /// True once whenever the own neighbourhood should be looked up.
    [[nodiscard]] bool poll_refresh(base::Instant now);

  private:
    void check_contacts(base::Instant now);
    void meet_prospects(base::Instant now);
    [[nodiscard]] base::Instant next_check() const noexcept;
    bool ask(base::Instant now, const Contact& contact, bool for_contacts);

    base::Rng& rng_;
    Tables& tables_;
    Courier& courier_;
    RateLimit pace_limit_;
    Rate pace_;
    base::Duration refresh_interval_;
    base::Instant next_refresh_;
    base::Instant earliest_check_;
    unsigned unanswered_ = 0;  ///< Checks since anybody answered anything.
    base::Instant last_check_;
    std::vector<Contact> prospects_;
};

}  // namespace qe::dht
