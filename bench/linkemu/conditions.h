// SPDX-License-Identifier: Apache-2.0
//
// Conditions: what one direction of a link does to packets, and the words that say so.
//
//     rate 100M  queue 64K | 50ms  delay 20ms  jitter 2ms  distribution normal
//     loss 1%  bursts 0.5%,25%,100%,0%  reorder 2%,5ms  duplicate 0.1%  mtu 1400  blackhole on
//
// Words change only what they name, so that a live link keeps the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "quicether/base/time.h"

namespace qe::linkemu {

/// A value, or one sentence that names the word and what is wrong with it.
template <typename T>
using Checked = tl::expected<T, std::string>;

/// Losses come singly and in bursts (Gilbert 1960, Elliott 1963): a Markov chain with a good and a
/// bad state, asked once for each packet, which moves first. With good = 0 and bad = 1 the share
/// to_bad / (to_bad + to_good) is lost, in bursts of 1 / to_good packets on average. All are
/// probabilities.
struct LossModel {
    double good = 0;
    double bad = 0;
    double to_bad = 0;
    double to_good = 1;

    friend bool operator==(const LossModel&, const LossModel&) = default;
};

/// How a packet's delay spreads around `delay`; never below zero.
enum class Distribution : std::uint8_t {
    Uniform,      ///< Evenly in delay ± jitter.
    Normal,       ///< Standard deviation jitter, cut at three of them.
    Exponential,  ///< Added, jitter on average: a wireless link that repeats.
};

struct Conditions {
    std::uint64_t rate_bps = 0;   ///< Bits per second of IP packets; 0: no limit, hence no queue.
    std::size_t queue_bytes = 0;  ///< Waiting, without the one being sent; 0: queue_time counts.
    base::Duration queue_time{base::milliseconds(50)};  ///< The same as time at the present rate.
    base::Duration delay{0};                            ///< One way.
    base::Duration jitter{0};  ///< Packets keep their order whatever it is.
    Distribution distribution = Distribution::Uniform;
    LossModel loss{};
    double reorder = 0;            ///< Probability of being held back, and so overtaken,
    base::Duration reorder_by{0};  ///< for this long.
    double duplicate = 0;          ///< Probability of arriving twice.
    std::size_t mtu = 65535;       ///< Bytes of an IP packet; larger ones vanish without a word.
    bool blackhole = false;        ///< What enters vanishes; the interfaces notice nothing.

    friend bool operator==(const Conditions&, const Conditions&) = default;
};

/// Applies pairs of a name and a value; on failure `conditions` are as they were.
[[nodiscard]] Checked<void> apply_words(std::span<const std::string_view> words,
                                        Conditions& conditions);

/// "150us", "20ms", "1.5s", "2m".
[[nodiscard]] Checked<base::Duration> parse_duration(std::string_view word);

/// The part before the separator, which is taken off `rest` together with it.
[[nodiscard]] std::string_view cut(std::string_view& rest, char separator) noexcept;

}  // namespace qe::linkemu
