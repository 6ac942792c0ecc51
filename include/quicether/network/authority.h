// SPDX-License-Identifier: Apache-2.0
//
// Authority: what an admin node does with the network's key: found, admit, renew, revoke, promote.
//
// Holds the key and nothing else; directory and invites are the node's and are passed in. Changes
// them by merging what it signed, so an admin's own view follows the same rules as everybody's.
// The owner stores both before it sends an answer.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "quicether/base/rng.h"
#include "quicether/network/directory.h"
#include "quicether/network/invite_book.h"
#include "quicether/network/join_messages.h"

namespace qe::network {

struct NewNetwork {
    std::string name;  ///< As wished; normalised.
    net::Prefix ipv4{net::IpAddress::v4(0x64400000), 16};
    MeshMode mesh = MeshMode::OnDemand;
    base::seconds certificate_life = kCertificateLifeDefault;
};

/// Certificates begin so much before they are made: a member's clock may be behind.
inline constexpr base::seconds kCertificateBackdating{3600};

/// What an answer to a request needs besides the authority's key.
struct AdminView {
    Directory& directory;
    InviteBook& invites;
    const NetworkSecret& secret;
    const crypto::PublicKey& admin;  ///< This node's key.
};

class Authority {
  public:
    /// A new authority key with a network around it. Errors: kInvalidArgument.
    struct Founding;
    [[nodiscard]] static base::Result<Founding> found(const NewNetwork& network, base::UnixTime now,
                                                      base::Rng& rng);

    explicit Authority(crypto::Identity key) : key_(std::move(key)) {}

    [[nodiscard]] const crypto::PublicKey& public_key() const noexcept { return key_.public_key(); }
    [[nodiscard]] Authority clone() const { return Authority(key_.clone()); }
    /// For the state file. Valid as long as this object.
    [[nodiscard]] base::ByteView seed() const noexcept { return key_.secret_seed(); }
    /// From the seed of an AdminGrant. Errors: kWrongIdentity (not this network's key).
    [[nodiscard]] static base::Result<Authority> from_grant(const AdminGrant& grant,
                                                            const NetworkDocument& document);

    /// A certificate that the directory has taken in. The attributes' name is normalised and
    /// numbered if another member has it. Errors: those of normalise_name(), encode_attributes(),
    /// make_member_certificate() and Directory::merge().
    [[nodiscard]] base::Result<base::Bytes> certify(Directory& directory,
                                                    const crypto::PublicKey& member,
                                                    MemberAttributes attributes, base::UnixTime now,
                                                    base::Rng& rng) const;

    using JoinAnswer = std::variant<JoinReply, JoinRefusal>;
    /// `joiner` is the key that TLS authenticated. A repeated request gets the same certificate.
    [[nodiscard]] JoinAnswer handle_join(const JoinRequest& request,
                                         const crypto::PublicKey& joiner, const AdminView& view,
                                         base::UnixTime now, base::Rng& rng) const;

    using RenewAnswer = std::variant<RenewReply, JoinRefusal>;
    /// The member keeps its attributes. One whose certificate is fresh gets it back unchanged.
    [[nodiscard]] RenewAnswer handle_renew(const crypto::PublicKey& member, Directory& directory,
                                           base::UnixTime now, base::Rng& rng) const;

    /// Errors: those of Directory::merge().
    [[nodiscard]] base::Result<Signed<Revocation>> revoke(Directory& directory,
                                                          const crypto::NodeId& node,
                                                          RevocationReason reason,
                                                          base::UnixTime now) const;
    /// Errors: kNotFound (no such member), and those of certify().
    [[nodiscard]] base::Result<AdminGrant> promote(Directory& directory, const crypto::NodeId& node,
                                                   base::UnixTime now, base::Rng& rng) const;
    /// Publishes changed settings under the next version. Errors: kInvalidArgument.
    base::Status change(Directory& directory, NetworkDocument document) const;

  private:
    crypto::Identity key_;
};

struct Authority::Founding {
    Authority authority;
    Signed<NetworkDocument> document;
    NetworkSecret secret;
};

/// `wished`, normalised, or with the smallest number that makes it unique among the members other
/// than `except`. Errors: those of normalise_name().
[[nodiscard]] base::Result<std::string> unique_name(std::string_view wished,
                                                    const Directory& directory,
                                                    const crypto::NodeId& except);

}  // namespace qe::network
