// SPDX-License-Identifier: Apache-2.0
//
// RepairBuffer against a model of maps and lists, under random fates of datagrams, across the wrap
// of its tokens.
#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/multipath/repair_buffer.h"

namespace qe::multipath {
namespace {

using base::Duration;
using base::Instant;

class Model {
  public:
    Model(std::size_t bytes_max, std::uint64_t first, std::uint64_t span_max)
        : bytes_max_(bytes_max), span_max_(span_max), next_(first) {}

    std::uint64_t keep(Instant now, PathIndex path, const base::Bytes& bytes) {
        while (!kept_.empty() && (bytes_held() + bytes.size() > bytes_max_ ||
                                  next_ - kept_.begin()->first + 1 >= span_max_)) {
            ++counters.forgotten;
            remove(kept_.begin()->first);
        }
        if (next_ % (std::uint64_t{1} << 32) == 0) {
            ++next_;
        }
        ++counters.kept;
        kept_[next_] = {bytes, now, path, 0};
        return next_++;
    }
    void acknowledge(std::uint64_t token) {
        counters.acknowledged += kept_.count(token);
        remove(token);
    }
    void give_up(std::uint64_t token) {
        counters.abandoned += kept_.count(token);
        remove(token);
    }
    void lose(std::uint64_t token, PathIndex path) {
        const auto found = kept_.find(token);
        if (found == kept_.end() || found->second.path != path || is_lost(token)) {
            return;
        }
        if (found->second.repairs == RepairBuffer::kRepairsMax) {
            give_up(token);
        } else {
            lost_.push_back(token);
        }
    }
    void fail(PathIndex path) {
        std::vector<std::uint64_t> tokens;
        for (const auto& [token, entry] : kept_) {
            tokens.push_back(token);
        }
        for (const std::uint64_t token : tokens) {
            lose(token, path);
        }
    }
    std::optional<std::uint64_t> next(Instant now) {
        while (!lost_.empty() && now - kept_.at(lost_.front()).sent_at > age_max) {
            give_up(lost_.front());
        }
        return lost_.empty() ? std::nullopt : std::optional(lost_.front());
    }
    void send_again(std::uint64_t token, PathIndex path) {
        ++counters.repaired;
        lost_.remove(token);
        ++kept_.at(token).repairs;
        kept_.at(token).path = path;
    }
    [[nodiscard]] const base::Bytes& bytes_of(std::uint64_t token) const {
        return kept_.at(token).bytes;
    }
    [[nodiscard]] std::size_t bytes_held() const {
        std::size_t sum = 0;
        for (const auto& [token, entry] : kept_) {
            sum += entry.bytes.size();
        }
        return sum;
    }

    Duration age_max = base::milliseconds(500);
    RepairCounters counters;

  private:
    struct Entry {
        base::Bytes bytes;
        Instant sent_at;
        PathIndex path = 0;
        int repairs = 0;
    };

    [[nodiscard]] bool is_lost(std::uint64_t token) const {
        return std::find(lost_.begin(), lost_.end(), token) != lost_.end();
    }
    void remove(std::uint64_t token) {
        kept_.erase(token);
        lost_.remove(token);
    }

    std::size_t bytes_max_;
    std::uint64_t span_max_;
    std::uint64_t next_;
    std::map<std::uint64_t, Entry> kept_;
    std::list<std::uint64_t> lost_;
};

/// Both under the same input; fails the test where they differ.
class Pair {
  public:
    static constexpr std::uint64_t kFirst = (std::uint64_t{1} << 32) - 700;

    Pair(base::Rng& rng, std::size_t bytes_max)
        : rng_(rng),
          buffer_(bytes_max, static_cast<RepairToken>(kFirst)),
          model_(bytes_max, kFirst, 128) {}

    void step() {
        now_ = now_ + base::milliseconds(rng_.below(4));
        const std::uint64_t token = some_token();
        const auto path = static_cast<PathIndex>(rng_.below(3));
        const std::uint64_t choice = rng_.below(100);
        if (choice < 40) {
            keep(path);
        } else if (choice < 65) {
            model_.acknowledge(token);
            buffer_.handle_acknowledged(short_of(token));
        } else if (choice < 80) {
            model_.lose(token, path);
            buffer_.handle_lost(short_of(token), path);
        } else if (choice == 80) {
            model_.fail(path);
            buffer_.handle_path_failed(path);
        } else if (choice == 81) {
            model_.age_max = base::milliseconds(rng_.below(300));
            buffer_.set_age_max(model_.age_max);
        } else {
            repair(path);
        }
        ASSERT_EQ(buffer_.bytes_held(), model_.bytes_held());
    }

    [[nodiscard]] const RepairCounters& counters() const { return buffer_.counters(); }
    [[nodiscard]] const RepairCounters& expected() const { return model_.counters; }

  private:
    static RepairToken short_of(std::uint64_t token) { return static_cast<RepairToken>(token); }
    std::uint64_t some_token() { return next_ - 1 - rng_.below(rng_.below(4) == 0 ? 200 : 20); }

    void keep(PathIndex path) {
        base::Bytes bytes(rng_.below(rng_.below(2) == 0 ? 1500 : 100));
        rng_.fill(bytes);
        const std::size_t cut = rng_.below(bytes.size() + 1);
        const std::array parts = {base::ByteView(bytes).first(cut),
                                  base::ByteView(bytes).subspan(cut)};
        const std::uint64_t expected = model_.keep(now_, path, bytes);
        next_ = expected + 1;
        ASSERT_EQ(buffer_.keep(now_, path, parts), short_of(expected));
    }

    void repair(PathIndex path) {
        const auto expected = model_.next(now_);
        const auto repair = buffer_.next(now_);
        ASSERT_EQ(repair.has_value(), expected.has_value());
        if (!repair) {
            return;
        }
        ASSERT_EQ(repair->token, short_of(*expected));
        ASSERT_TRUE(std::ranges::equal(repair->bytes, model_.bytes_of(*expected)));
        if (rng_.below(20) == 0) {
            model_.give_up(*expected);
            buffer_.handle_given_up(repair->token);
        } else {
            model_.send_again(*expected, path);
            buffer_.handle_sent_again(repair->token, path);
        }
    }

    base::Rng& rng_;
    Instant now_;
    std::uint64_t next_ = kFirst;
    RepairBuffer buffer_;
    Model model_;
};

TEST(RepairBufferModel, AgreesWhateverHappensToTheDatagrams) {
    base::Rng rng({});
    for (int round = 0; round < 40 && !HasFatalFailure(); ++round) {
        SCOPED_TRACE(round);
        Pair pair(rng, 32'768);
        for (int i = 0; i < 5000 && !HasFatalFailure(); ++i) {
            pair.step();
        }
        const RepairCounters& counters = pair.counters();
        const RepairCounters& expected = pair.expected();
        EXPECT_EQ(counters.kept, expected.kept);
        EXPECT_EQ(counters.acknowledged, expected.acknowledged);
        EXPECT_EQ(counters.repaired, expected.repaired);
        EXPECT_EQ(counters.abandoned, expected.abandoned);
        EXPECT_EQ(counters.forgotten, expected.forgotten);
        EXPECT_GT(std::min({counters.repaired, counters.abandoned, counters.forgotten}), 10U);
    }
}

}  // namespace
}  // namespace qe::multipath
