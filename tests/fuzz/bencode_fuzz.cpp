// SPDX-License-Identifier: Apache-2.0
//
// Bencode from a stranger: what the strict reader takes is written back as the same bytes, element
// by element, which shows that there is one spelling only and that its views are right.
#include <algorithm>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/bencode_writer.h"

using namespace qe;

namespace {

using Kind = dht::BencodeValue::Kind;

void write(dht::BencodeWriter& out, const dht::BencodeValue& value) {
    switch (value.kind()) {
        case Kind::Integer:
            out.integer(*value.integer());
            return;
        case Kind::String:
            out.string(*value.string());
            return;
        case Kind::List:
            out.begin_list();
            break;
        case Kind::Dictionary:
            out.begin_dictionary();
            break;
    }
    dht::BencodeCursor cursor = value.children();
    while (const auto child = cursor.next()) {
        write(out, *child);
    }
    out.end();
}

/// Every key is found, with its value.
void find_all(const dht::BencodeValue& value) {
    if (value.kind() != Kind::Dictionary) {
        return;
    }
    dht::BencodeCursor cursor = value.children();
    while (const auto key = cursor.next()) {
        const auto expected = cursor.next();
        const auto found = value.find(base::as_text(*key->string()));
        QE_ASSERT(found && found->encoded().data() == expected->encoded().data());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = base::from_u8(data, size);
    const auto value = dht::parse_bencode(input);
    if (!value) {
        return 0;
    }
    base::Bytes buffer(size);
    dht::BencodeWriter out(buffer);
    write(out, *value);
    QE_ASSERT(out.ok() && std::ranges::equal(out.written(), input));
    find_all(*value);
    return 0;
}
