// SPDX-License-Identifier: Apache-2.0
//
// What other nodes say about a network. The first byte chooses: a message, a signed statement as it
// comes, a statement's payload that is given a good signature first, or a state file. Nothing
// crashes; what parses encodes and parses again to the same; what is merged is there afterwards.
#include <cstddef>
#include <cstdint>
#include <variant>

#include "network/envelope.h"
#include "quicether/base/assert.h"
#include "quicether/network/authority.h"
#include "quicether/network/directory_sync.h"

namespace {

using namespace qe;
using namespace qe::network;

constexpr base::UnixTime kNow{1'780'000'000};

/// The network of authority seed 0 with one member, whose seed is 1 and 31 zeros.
struct Known {
    crypto::Identity authority = crypto::Identity::from_seed({});
    crypto::Identity member = crypto::Identity::from_seed({std::byte{1}});
    Signed<NetworkDocument> document = make_document();
    base::Bytes certificate = make_certificate();
    NetworkId id = document.value.id();

    [[nodiscard]] Directory directory() const {
        Directory made(document);
        const bool is_news = made.merge({ItemKind::Certificate, certificate}, kNow).is_news();
        QE_ASSERT(is_news);
        return made;
    }

  private:
    [[nodiscard]] Signed<NetworkDocument> make_document() const {
        NetworkDocument made;
        made.name = "fuzz";
        made.authority = authority.public_key();
        auto signed_document = sign_document(authority, made);
        QE_ASSERT(signed_document.has_value());
        return *std::move(signed_document);
    }
    [[nodiscard]] base::Bytes make_certificate() const {
        base::Rng rng{base::Rng::Seed{}};
        Directory scratch(document);
        auto der = Authority(authority.clone())
                       .certify(scratch, member.public_key(),
                                {"member", MemberRole::Full, false, {}, {}}, kNow, rng);
        QE_ASSERT(der.has_value());
        return *std::move(der);
    }
};

const Known& known() {
    static const Known kKnown;
    return kKnown;
}

void check_message(base::ByteView bytes) {
    const auto message = parse_network_message(bytes);
    if (!message) {
        return;
    }
    const auto again = parse_network_message(encode_network_message(*message));
    QE_ASSERT(again.has_value() && *again == *message);
    Directory directory = known().directory();
    std::vector<NetworkMessage> answers;
    if (const auto* digest = std::get_if<Digest>(&*message)) {
        answers = answer_digest(directory, *digest);
    } else if (const auto* summary = std::get_if<Summary>(&*message)) {
        answers = answer_summary(directory, *summary);
    } else if (const auto* wanted = std::get_if<Wanted>(&*message)) {
        answers = answer_wanted(directory, *wanted);
    } else if (const auto* news = std::get_if<News>(&*message)) {
        for (const Item& item : news->items) {
            directory.merge(item, kNow);
        }
    }
    QE_ASSERT(answers.size() <= kAnswerPagesMax + 1);
    for (const NetworkMessage& answer : answers) {
        QE_ASSERT(parse_network_message(encode_network_message(answer)).has_value());
    }
}

void check_statement(ItemKind kind, base::ByteView bytes) {
    Directory directory = known().directory();
    const MergeOutcome outcome = directory.merge({kind, {bytes.begin(), bytes.end()}}, kNow);
    if (outcome.is_news()) {
        const auto held = directory.item(kind, outcome.subject.value_or(crypto::NodeId{}));
        QE_ASSERT(held && base::as_text(held->bytes) == base::as_text(bytes));
        const auto again = Directory::decode(directory.encode(), known().id, kNow);
        QE_ASSERT(again.has_value() && again->sums() == directory.sums());
    } else {
        QE_ASSERT(outcome.result == MergeResult::Known || !outcome.refusal.text.empty());
    }
}

void check_payload(ItemKind kind, base::ByteView payload) {
    const Known& k = known();
    switch (kind) {
        case ItemKind::Document:
            return check_statement(
                kind, sign_envelope(k.authority, {"quicether document 1", {}}, payload));
        case ItemKind::Record:
            return check_statement(
                kind, sign_envelope(k.member, {"quicether record 1", k.id.bytes}, payload));
        case ItemKind::Revocation:
            return check_statement(
                kind, sign_envelope(k.authority, {"quicether revocation 1", {}}, payload));
        case ItemKind::Certificate: {
            const auto attributes = parse_attributes(payload);
            if (attributes) {
                const auto encoded = encode_attributes(*attributes);
                QE_ASSERT(!encoded || *parse_attributes(*encoded) == *attributes);
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const base::ByteView input = base::from_u8(data + 1, size - 1);
    const auto kind = static_cast<ItemKind>(1 + data[0] / 4 % 4);
    switch (data[0] % 4) {
        case 0:
            check_message(input);
            break;
        case 1:
            check_statement(kind, input);
            break;
        case 2:
            check_payload(kind, input);
            break;
        default:
            (void)Directory::decode(input, known().id, kNow);
            (void)InviteBook::decode(input);
    }
    return 0;
}
