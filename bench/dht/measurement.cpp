// SPDX-License-Identifier: Apache-2.0
#include "measurement.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "colluders.h"
#include "quicether/dht/distance.h"
#include "swarm.h"

namespace qe::bench {
namespace {

using testing::Swarm;
using testing::SwarmOptions;

constexpr std::size_t kBatch = 100;
constexpr base::Duration kBatchTime = base::seconds(20);
/// Nodes that join per second while the swarm grows, in proportion to its size.
constexpr double kGrowthPerSecond = 0.01;

SwarmOptions swarm_options(const MeasurementOptions& options) {
    SwarmOptions swarm;
    swarm.seed = options.seed;
    swarm.loss = options.loss;
    swarm.config = options.wide ? dht::DhtConfig().wide() : dht::DhtConfig();
    // What stands for hostile floods is of no use here, and a hundred thousand nodes need the room.
    swarm.config.guard.cells = 64;
    swarm.config.guard.validated_max = 16;
    if (options.paths > 0) {
        swarm.config.lookup_paths = static_cast<std::uint16_t>(options.paths);
    }
    return swarm;
}

double resident_bytes() {
    std::FILE* const file = std::fopen("/proc/self/statm", "r");
    unsigned long total = 0;
    unsigned long resident = 0;
    const bool read = file != nullptr && std::fscanf(file, "%lu %lu", &total, &resident) == 2;
    if (file != nullptr) {
        std::fclose(file);
    }
    return read ? static_cast<double>(resident) * 4096 : 0;
}

class Measurement {
  public:
    explicit Measurement(const MeasurementOptions& options)
        : options_(options),
          swarm_(swarm_options(options)),
          colluders_(swarm_, options.forged_bits),
          trace_(swarm_, colluders_) {
        swarm_.intercept = [this](std::size_t node, const net::SocketAddress& from,
                                  base::ByteView bytes) {
            if (tracing_) {
                trace_.observe(node, bytes);
            }
            return lying_ && colluders_.handle(node, from, bytes);
        };
    }

    Figures run() {
        const double before = resident_bytes();
        grow();
        measure_idle();
        figures_.memory_bytes = (resident_bytes() - before) / static_cast<double>(options_.nodes);
        lying_ = options_.hostile > 0;
        pass(base::seconds(60));
        tracing_ = true;
        const auto items = put_items();
        pass(base::seconds(options_.churn_per_hour > 0 ? 1800 : 60));
        trace_.begin_gets();
        get_items(items);
        tracing_ = false;
        figures_.trace = trace_.figures();
        find_nodes();
        return figures_;
    }

  private:
    void grow() {
        swarm_.add();
        double due = 0;
        while (swarm_.size() < options_.nodes) {
            due += std::max(1.0, kGrowthPerSecond * static_cast<double>(options_.nodes));
            for (; due >= 1 && swarm_.size() < options_.nodes; due -= 1) {
                add_node();
            }
            swarm_.run_for(base::seconds(1));
        }
        swarm_.run_for(base::seconds(600));
    }

    void add_node() {
        const std::size_t node = swarm_.join(random_node());
        alive_.push_back(node);
        if (static_cast<double>(swarm_.rng().below(1'000'000)) < options_.hostile * 1e6) {
            colluders_.add(node);
        }
    }

    std::size_t random_node() {
        return alive_.empty() ? 0 : alive_[swarm_.rng().below(alive_.size())];
    }
    std::size_t random_honest() {
        std::size_t node = random_node();
        while (colluders_.contains(node)) {
            node = random_node();
        }
        return node;
    }

    void measure_idle() {
        const auto [bytes, messages] = sent();
        swarm_.run_for(base::seconds(60) * options_.idle_minutes);
        const auto [bytes_after, messages_after] = sent();
        if (options_.idle_minutes == 0) {
            return;
        }
        const double node_hours = static_cast<double>(options_.nodes) * options_.idle_minutes / 60;
        figures_.idle_bytes_per_hour = static_cast<double>(bytes_after - bytes) / node_hours;
        figures_.idle_messages_per_hour =
            static_cast<double>(messages_after - messages) / node_hours;
    }

    std::pair<std::uint64_t, std::uint64_t> sent() {
        std::pair<std::uint64_t, std::uint64_t> sum;
        double contacts = 0;
        for (std::size_t node = 0; node < swarm_.size(); ++node) {
            const dht::DhtStatus status = swarm_.dht(node).status();
            sum.first += status.counters.bytes_sent;
            sum.second += status.counters.messages_sent;
            contacts += static_cast<double>(status.contacts_v4);
        }
        figures_.contacts = contacts / static_cast<double>(swarm_.size());
        return sum;
    }

    /// Time passes, with churn if there is any.
    void pass(base::Duration duration) {
        const double per_second =
            options_.churn_per_hour * static_cast<double>(options_.nodes) / 3600;
        for (; duration > base::Duration(0); duration -= base::seconds(1)) {
            for (churn_due_ += per_second; churn_due_ >= 1; churn_due_ -= 1) {
                const std::size_t place = swarm_.rng().below(alive_.size());
                swarm_.kill(alive_[place]);
                alive_[place] = alive_.back();
                alive_.pop_back();
                add_node();
            }
            swarm_.run_for(base::seconds(1));
        }
    }

    std::vector<dht::Item> put_items() {
        std::vector<dht::Item> items;
        for (std::size_t i = 0; i < options_.lookups; ++i) {
            const std::string text = "i" + std::to_string(i) + "e";
            items.push_back(dht::make_immutable_item(base::as_bytes(text)).value());
            const std::size_t node = random_honest();
            (void)swarm_.dht(node).put(swarm_.now(), items.back(), dht::Keep::Once);
            swarm_.settle(node);
            if (i % kBatch == kBatch - 1) {
                pass(kBatchTime);
            }
        }
        pass(kBatchTime);
        return items;
    }

    using Started = std::pair<std::size_t, dht::OperationId>;

    /// The ends of lookups, started in batches by honest nodes. Those whose asker died do not
    /// count.
    template <typename Start, typename End>
    void run_lookups(Start&& start, End&& end) {
        std::vector<Started> batch;
        for (std::size_t i = 0; i < options_.lookups;) {
            batch.clear();
            const std::size_t first = i;
            for (; i < options_.lookups && batch.size() < kBatch; ++i) {
                const std::size_t node = random_honest();
                batch.emplace_back(node, start(node, i).value());
                swarm_.settle(node);
            }
            pass(kBatchTime);
            for (std::size_t b = 0; b < batch.size(); ++b) {
                if (!swarm_.is_alive(batch[b].first)) {
                    continue;
                }
                const auto event = swarm_.take(batch[b].first, batch[b].second);
                if (event) {
                    end(batch[b].first, first + b, std::get<dht::LookupFinished>(*event));
                } else {
                    std::fprintf(stderr, "a lookup did not end\n");
                }
            }
        }
    }

    void get_items(const std::vector<dht::Item>& items) {
        double ended = 0;
        double found = 0;
        double hops = 0;
        run_lookups(
            [&](std::size_t node, std::size_t i) {
                return swarm_.dht(node).get_immutable(swarm_.now(), dht::target_of(items[i]));
            },
            [&](std::size_t, std::size_t i, const dht::LookupFinished& finished) {
                ended += 1;
                found += finished.item == items[i] ? 1 : 0;
                hops += finished.hops;
                trace_.count(finished.target, finished.item == items[i]);
            });
        figures_.found = found / ended;
        figures_.hops = hops / ended;
    }

    void find_nodes() {
        double ended = 0;
        double queries = 0;
        double nearest = 0;
        run_lookups(
            [&](std::size_t node, std::size_t) {
                return swarm_.dht(node).find_node(swarm_.now(), dht::random_id(swarm_.rng()));
            },
            [&](std::size_t asker, std::size_t, const dht::LookupFinished& finished) {
                ended += 1;
                queries += finished.queries;
                const dht::NodeId expected = nearest_honest(finished.target, asker);
                nearest += std::ranges::any_of(
                               finished.nearest,
                               [&](const dht::Contact& contact) { return contact.id == expected; })
                               ? 1
                               : 0;
            });
        figures_.queries = queries / ended;
        figures_.nearest_found = nearest / ended;
    }

    dht::NodeId nearest_honest(const dht::NodeId& target, std::size_t asker) const {
        dht::NodeId best = dht::antipode(target);
        for (const std::size_t node : alive_) {
            if (node != asker && !colluders_.contains(node) &&
                dht::is_closer(target, swarm_.id(node), best)) {
                best = swarm_.id(node);
            }
        }
        return best;
    }

    MeasurementOptions options_;
    Swarm swarm_;
    Colluders colluders_;
    Trace trace_;
    Figures figures_;
    std::vector<std::size_t> alive_;
    double churn_due_ = 0;
    bool lying_ = false;
    bool tracing_ = false;
};

}  // namespace

Figures measure(const MeasurementOptions& options) { return Measurement(options).run(); }

}  // namespace qe::bench
