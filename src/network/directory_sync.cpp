// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/directory_sync.h"

#include <algorithm>
#include <array>
#include <utility>

namespace qe::network {
namespace {

using crypto::NodeId;

/// What an item costs in a message beside its bytes, and the message beside its items: heads.
constexpr std::size_t kItemOverhead = 6;
constexpr std::size_t kMessageOverhead = 16;

NodeId first_of_bucket(std::size_t bucket) { return {{static_cast<std::byte>(bucket)}}; }
NodeId last_of_bucket(std::size_t bucket) {
    NodeId id;
    id.bytes.fill(std::byte{0xff});
    id.bytes[0] = static_cast<std::byte>(bucket);
    return id;
}

/// The id after `id`, which is not the last of all.
NodeId successor(NodeId id) {
    for (auto at = id.bytes.rbegin(); at != id.bytes.rend(); ++at) {
        *at = static_cast<std::byte>(std::to_integer<unsigned>(*at) + 1);
        if (*at != std::byte{0}) {
            break;
        }
    }
    return id;
}

using BucketSizes = std::array<std::size_t, Directory::kBuckets>;

BucketSizes bucket_sizes(const Directory& directory) {
    BucketSizes sizes{};
    for (const auto& [id, member] : directory.members()) {
        ++sizes[std::to_integer<std::size_t>(id.bytes[0])];
    }
    for (const auto& [id, revocation] : directory.revocations()) {
        ++sizes[std::to_integer<std::size_t>(id.bytes[0])];
    }
    return sizes;
}

/// The last differing bucket that fits into one page with bucket `first`. Equal ones in between
/// come along: in a small network that is cheaper than a message for each bucket.
template <typename Differs>
std::size_t last_of_page(std::size_t first, const BucketSizes& sizes, Differs differs) {
    std::size_t last = first;
    std::size_t rows = sizes[first];
    for (std::size_t i = first + 1; i < sizes.size(); ++i) {
        rows += sizes[i];
        if (rows >= kSummaryRowsMax) {
            break;
        }
        last = differs(i) ? i : last;
    }
    return last;
}

/// Summaries that cover from … to, one after the other, until `pages` are full.
void summarize(const Directory& directory, NodeId from, const NodeId& to,
               std::vector<NetworkMessage>& pages) {
    while (pages.size() < kAnswerPagesMax) {
        std::vector<Row> rows = directory.rows(from, to, kSummaryRowsMax);
        const bool whole = rows.size() < kSummaryRowsMax || rows.back().id == to;
        const NodeId last = whole ? to : rows.back().id;
        pages.emplace_back(Summary{from, last, std::move(rows)});
        if (whole) {
            return;
        }
        from = successor(last);
    }
}

/// Gathers what one side must send and ask for.
struct Differences {
    std::vector<Item> news;
    std::size_t news_bytes = 0;
    Wanted wanted;

    void send(std::optional<Item> item) {
        constexpr std::size_t kBytesMax = kAnswerPagesMax * kNetworkMessageBytesMax / 2;
        if (item && news_bytes + item->bytes.size() < kBytesMax) {
            news_bytes += item->bytes.size();
            news.push_back(*std::move(item));
        }
    }
    void ask(ItemKind kind, const NodeId& id) {
        if (wanted.items.size() < kWantedMax) {
            wanted.items.push_back({kind, id});
        }
    }
    void compare(const Directory& directory, const Row& ours, const Row& theirs);
};

void Differences::compare(const Directory& directory, const Row& ours, const Row& theirs) {
    const NodeId& id = ours.id;
    if (ours.revocation > theirs.revocation) {
        return send(directory.item(ItemKind::Revocation, id));
    }
    if (theirs.revocation > ours.revocation) {
        return ask(ItemKind::Revocation, id);
    }
    if (ours.revocation != Version{}) {
        return;  // What else one of us may hold is going away.
    }
    if (ours.certificate > theirs.certificate) {
        send(directory.item(ItemKind::Certificate, id));
    } else if (theirs.certificate > ours.certificate) {
        ask(ItemKind::Certificate, id);
    }
    if (ours.record > theirs.record) {
        send(directory.item(ItemKind::Record, id));
    } else if (theirs.record > ours.record) {
        ask(ItemKind::Record, id);
    }
}

std::vector<NetworkMessage> to_messages(Differences differences) {
    std::vector<NetworkMessage> messages;
    for (News& news : news_of(std::move(differences.news))) {
        if (messages.size() < kAnswerPagesMax - 1) {
            messages.emplace_back(std::move(news));
        }
    }
    if (!differences.wanted.items.empty()) {
        messages.emplace_back(std::move(differences.wanted));
    }
    return messages;
}

}  // namespace

Digest digest_of(const Directory& directory) {
    return {directory.signed_document().version, directory.sums()};
}

std::vector<NetworkMessage> answer_digest(const Directory& directory, const Digest& theirs) {
    const Digest ours = digest_of(directory);
    std::vector<NetworkMessage> answers;
    if (ours.document > theirs.document) {
        answers.emplace_back(News{{*directory.item(ItemKind::Document, {})}});
    } else if (ours.document < theirs.document) {
        answers.emplace_back(Wanted{{{ItemKind::Document, {}}}});
    }
    const auto differs = [&](std::size_t i) { return ours.sums[i] != theirs.sums[i]; };
    const BucketSizes sizes = bucket_sizes(directory);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (differs(i)) {
            const std::size_t last = last_of_page(i, sizes, differs);
            summarize(directory, first_of_bucket(i), last_of_bucket(last), answers);
            i = last;
        }
    }
    return answers;
}

std::vector<NetworkMessage> answer_summary(const Directory& directory, const Summary& theirs) {
    // Bounded work for any range: what lies behind the last of ours is for the next round.
    const std::size_t rows_max = theirs.rows.size() + kSummaryRowsMax;
    const std::vector<Row> ours = directory.rows(theirs.from, theirs.to, rows_max);
    const NodeId horizon = ours.size() < rows_max ? theirs.to : ours.back().id;
    Differences differences;
    auto mine = ours.begin();
    for (const Row& row : theirs.rows) {
        if (row.id > horizon) {
            break;
        }
        for (; mine != ours.end() && mine->id < row.id; ++mine) {
            differences.compare(directory, *mine, Row{mine->id, {}, {}, {}});
        }
        const bool both = mine != ours.end() && mine->id == row.id;
        differences.compare(directory, both ? *mine : Row{row.id, {}, {}, {}}, row);
        mine += both ? 1 : 0;
    }
    for (; mine != ours.end(); ++mine) {
        differences.compare(directory, *mine, Row{mine->id, {}, {}, {}});
    }
    return to_messages(std::move(differences));
}

std::vector<NetworkMessage> answer_wanted(const Directory& directory, const Wanted& wanted) {
    Differences differences;
    for (const WantedItem& item : wanted.items) {
        differences.send(directory.item(item.kind, item.id));
    }
    return to_messages(std::move(differences));
}

std::vector<News> news_of(std::vector<Item> items) {
    std::vector<News> pages;
    std::size_t used = kNetworkMessageBytesMax;
    for (Item& item : items) {
        const std::size_t cost = item.bytes.size() + kItemOverhead;
        if (used + cost > kNetworkMessageBytesMax || pages.back().items.size() >= kNewsItemsMax) {
            pages.emplace_back();
            used = kMessageOverhead;
        }
        used += cost;
        pages.back().items.push_back(std::move(item));
    }
    return pages;
}

}  // namespace qe::network
