// SPDX-License-Identifier: Apache-2.0
//
// Directory: all that a node knows of its network: the document, the members with their
// certificates and newest records, and the revocations.
//
// merge() takes in one signed item from anywhere: nothing unsigned, out of date, expired, or about
// a stranger gets in, and the outcome says what happened, so that news can be passed on. All nodes
// that saw the same items hold the same state, whatever the order (a record before its certificate
// is refused and comes again with the next comparison, see directory_sync.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/crypto/certificate.h"
#include "quicether/network/member_attributes.h"
#include "quicether/network/network_document.h"
#include "quicether/network/node_record.h"
#include "quicether/network/revocation.h"

namespace qe::network {

inline constexpr std::size_t kMembersMax = 16384;
inline constexpr std::size_t kRevocationsMax = 4096;

enum class ItemKind : std::uint8_t { Document = 1, Certificate = 2, Record = 3, Revocation = 4 };

/// One signed statement as it travels.
struct Item {
    ItemKind kind = ItemKind::Document;
    base::Bytes bytes;
    friend bool operator==(const Item&, const Item&) = default;
};

enum class MergeResult : std::uint8_t {
    New,      ///< There was none about this subject.
    Newer,    ///< It replaces an older one.
    Known,    ///< We have it, or a newer one.
    Refused,  ///< `refusal` says why.
};

struct MergeOutcome {
    MergeResult result = MergeResult::Refused;
    std::optional<crypto::NodeId> subject;  ///< Whom it is about, as far as it could be read.
    base::Error refusal;

    /// Worth telling others.
    [[nodiscard]] bool is_news() const noexcept {
        return result == MergeResult::New || result == MergeResult::Newer;
    }
};

struct Member {
    crypto::CertificateFacts facts;
    MemberAttributes attributes;
    base::Bytes certificate;
    Version version;  ///< Of the certificate.
    std::optional<Signed<NodeRecord>> record;

    /// What its record advertises and its certificate allows.
    [[nodiscard]] std::vector<net::Prefix> entitled_subnets() const;
    /// What it advertises without being entitled to: ignored, and worth a report.
    [[nodiscard]] std::vector<net::Prefix> refused_subnets() const;
};

/// What a node holds about one subject; the zero Version for nothing.
struct Row {
    crypto::NodeId id;
    Version certificate;
    Version record;
    Version revocation;
    friend bool operator==(const Row&, const Row&) = default;
};

class Directory {
  public:
    static constexpr std::size_t kBuckets = 256;
    /// One sum for all subjects whose NodeIds begin with the same byte.
    using Sums = std::array<std::uint64_t, kBuckets>;

    explicit Directory(Signed<NetworkDocument> document);

    /// Errors in the outcome: those of parse_document(), verify_certificate(), parse_attributes(),
    /// parse_record() and parse_revocation(); kNotTrusted (not this network's authority, or a
    /// revoked member), kNotFound (record of no member), kWrongIdentity (another key with the same
    /// NodeId), kQueueFull (a bound above).
    MergeOutcome merge(const Item& item, base::UnixTime now);
    /// Removes members whose certificates have expired, and says who they were.
    std::vector<crypto::NodeId> expire(base::UnixTime now);

    [[nodiscard]] const NetworkId& id() const noexcept { return id_; }
    [[nodiscard]] const NetworkDocument& document() const noexcept { return document_.value; }
    [[nodiscard]] const Signed<NetworkDocument>& signed_document() const noexcept {
        return document_;
    }
    [[nodiscard]] const std::map<crypto::NodeId, Member>& members() const noexcept {
        return members_;
    }
    [[nodiscard]] const std::map<crypto::NodeId, Signed<Revocation>>& revocations() const noexcept {
        return revocations_;
    }
    /// Null when there is none.
    [[nodiscard]] const Member* find(const crypto::NodeId& id) const;
    /// Of several members with one name (two admins at once) the one with the smallest NodeId.
    [[nodiscard]] const Member* find(std::string_view name) const;
    [[nodiscard]] bool is_revoked(const crypto::NodeId& id) const;

    [[nodiscard]] Row row(const crypto::NodeId& id) const;
    /// The subjects from `from` to `to`, both included, at most `rows_max`, in order.
    [[nodiscard]] std::vector<Row> rows(const crypto::NodeId& from, const crypto::NodeId& to,
                                        std::size_t rows_max) const;
    [[nodiscard]] const Sums& sums() const noexcept { return sums_; }
    /// The item of that kind about `id`; absent when there is none.
    [[nodiscard]] std::optional<Item> item(ItemKind kind, const crypto::NodeId& id) const;

    /// For the state file: versioned, with a checksum.
    [[nodiscard]] base::Bytes encode() const;
    /// All is verified again; members whose certificates have expired are left out. Errors:
    /// kMalformed (also damage, and items that do not verify), kUnsupported, kWrongIdentity.
    [[nodiscard]] static base::Result<Directory> decode(base::ByteView bytes,
                                                        const NetworkId& network,
                                                        base::UnixTime now);

  private:
    MergeOutcome merge_document(base::ByteView bytes);
    MergeOutcome merge_certificate(const base::Bytes& der, base::UnixTime now);
    MergeOutcome merge_record(base::ByteView bytes);
    MergeOutcome merge_revocation(base::ByteView bytes);
    /// The members' new state enters the sum of its bucket; `before` is the row it had.
    void update_sums(const Row& before);

    NetworkId id_;
    Signed<NetworkDocument> document_;
    std::map<crypto::NodeId, Member> members_;
    std::map<crypto::NodeId, Signed<Revocation>> revocations_;
    Sums sums_{};
};

}  // namespace qe::network
