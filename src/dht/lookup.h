// SPDX-License-Identifier: Apache-2.0
//
// Lookup: the iterative search for the nodes nearest to a target, in one address family.
//
// It runs over disjoint paths: what a node names joins the path it was asked on, and a node is
// asked on one path only, whichever comes first. A liar can lead astray one path, and cannot keep a
// node from another by naming it. A path is settled when the nearest of its candidates that were
// not silent have all answered; then what is still unasked among the nearest of all paths is asked,
// and the lookup ends when they have answered (Kademlia's rule).
//
// When the density of the swarm is known, candidates that lie nearer to the target than chance
// allows are doubted: they are neither asked nor counted. A lookup whose end is thinner than the
// swarm, or that shall be thorough, goes on for some more questions, to the nearest not asked yet,
// whatever answered before them. It decides whom to ask next; sending, time-outs and values are its
// owner's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dht/density.h"
#include "quicether/base/bytes.h"
#include "quicether/dht/config.h"
#include "quicether/dht/distance.h"

namespace qe::dht {

class Lookup {
  public:
    /// Candidates remembered, in equal shares of the paths; those farthest away give way.
    static constexpr std::size_t kCandidatesMax = 256;

    /// Passed: asked on another path, or one of too many of a subnet.
    enum class State : std::uint8_t { Unasked, Asked, Answered, Silent, Passed };

    struct Candidate {
        Contact contact;
        State state = State::Unasked;
        bool id_known = true;    ///< False: an address to start from; `contact.id` is a stand-in.
        bool has_value = false;  ///< It answered with an item, or with the number of one.
        bool doubted = false;    ///< Nearer than chance allows.
        std::uint8_t path = 0;
        std::uint8_t depth = 1;  ///< Nodes asked on the way, itself included.
        base::Bytes token;
    };

    Lookup(const NodeId& own, const NodeId& target, net::Family family,
           const DhtConfig& config) noexcept;

    [[nodiscard]] const NodeId& target() const noexcept { return target_; }
    [[nodiscard]] net::Family family() const noexcept { return family_; }

    /// Of the swarm; unknown until it is told.
    void set_density(const Density& density) noexcept { density_ = density; }
    /// Whether to go on while what is looked for was not found.
    void set_thorough(bool thorough) noexcept { is_thorough_ = thorough; }

    /// Where to start; dealt out to the paths in turn.
    void add_seed(const Contact& contact);
    void add_seed(const net::SocketAddress& endpoint);

    /// The candidate to ask now, if any; it counts as asked.
    [[nodiscard]] std::optional<std::size_t> poll_candidate();
    [[nodiscard]] const Candidate& candidate(std::size_t index) const { return candidates_[index]; }

    /// A node named by the answer of `index`. Call before handle_answer().
    void handle_named(std::size_t index, const Contact& contact);
    void handle_answer(std::size_t index, const NodeId& id, base::ByteView token, bool has_value);
    void handle_silence(std::size_t index);

    [[nodiscard]] bool is_finished() const noexcept;
    /// Among the nearest were so many made-up ids that some must have been believed.
    [[nodiscard]] bool is_crowded() const noexcept { return is_crowded_; }
    /// The nearest nodes that answered, nearest first, as indices.
    [[nodiscard]] std::vector<std::size_t> nearest_answered(std::size_t count_max) const;
    /// Where to store: the nearest that answered, and the nearest of each path, in case that the
    /// others were led astray.
    [[nodiscard]] std::vector<std::size_t> store_places() const;
    [[nodiscard]] std::size_t answered_count() const noexcept;

  private:
    bool add(const Contact& contact, std::uint8_t path, std::uint8_t depth, bool id_known);
    [[nodiscard]] bool may_join(const Contact& contact, std::uint8_t path) const noexcept;
    [[nodiscard]] bool may_ask(const Candidate& candidate) const noexcept;
    [[nodiscard]] bool gives_way_before(const Candidate& a, const Candidate& b) const noexcept;
    /// A new place, or that of an unasked candidate of the path: of a doubted one, else of the
    /// farthest if it is farther; else null.
    [[nodiscard]] Candidate* make_place(const Contact& contact, std::uint8_t path);
    [[nodiscard]] std::optional<std::size_t> poll_next();
    [[nodiscard]] std::optional<std::size_t> next_in_turn() const noexcept;
    [[nodiscard]] std::optional<std::size_t> next_further() const;
    [[nodiscard]] bool is_thin() const;
    void doubt_made_up_ids();
    void pass_twins(std::size_t asked) noexcept;
    /// Nearest unasked candidate of a path (or of any) that less than `rank_max` others precede.
    [[nodiscard]] std::optional<std::size_t> next_of(std::optional<std::uint8_t> path,
                                                     std::size_t rank_max) const noexcept;
    [[nodiscard]] std::size_t in_flight(std::uint8_t path) const noexcept;

    NodeId own_;
    NodeId target_;
    net::Family family_;
    DiversityLimits diversity_;
    bool secure_ids_;
    std::uint8_t path_count_;
    std::uint8_t next_seed_path_ = 0;
    std::size_t width_;       ///< k
    std::size_t path_width_;  ///< k over all paths
    std::size_t path_parallel_;
    std::size_t parallel_;
    std::size_t further_;    ///< Questions left beyond the nearest that answered.
    std::size_t asked_ = 0;  ///< In flight.
    bool is_thorough_ = false;
    bool goes_further_ = false;
    bool is_crowded_ = false;
    Density density_;
    std::vector<Candidate> candidates_;
};

}  // namespace qe::dht
