// SPDX-License-Identifier: Apache-2.0
//
// A table on disk: "QEDHT", version 1, the number of contacts (2 bytes), each contact as family (4
// or 6), id, address and port, then SHA-1 of all that. A torn or foreign file fails the checksum.
#pragma once

#include <vector>

#include "dht/tables.h"
#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::dht {

/// Contacts that answered lately come first; what is beyond kSnapshotBytesMax is left out.
[[nodiscard]] base::Bytes encode_snapshot(const Tables& tables);

/// Errors: kMalformed, kUnsupported.
[[nodiscard]] base::Result<std::vector<Contact>> parse_snapshot(base::ByteView bytes);

}  // namespace qe::dht
