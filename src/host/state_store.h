// SPDX-License-Identifier: Apache-2.0
//
// StateStore: named blobs that survive restarts, each in `<dir>/<name>.state`.
//
//   bytes 0-7    "QESTATE1"
//   bytes 8-11   length of the contents, big-endian
//   bytes 12-15  CRC-32 (IEEE 802.3) of the contents, big-endian
//   then the contents
//
// Each write is atomic and keeps the copy before it as `<name>.state.prev`, which is read when the
// current one is missing, torn or rotten. State is a convenience: whoever uses it goes on without.
// A StateStore has no state of its own but the path and may be used from any thread, one write of
// a name at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::host {

class StateStore {
  public:
    static constexpr std::size_t kContentsBytesMax = 16U << 20;
    static constexpr std::size_t kNameBytesMax = 64;

    /// `directory` exists.
    explicit StateStore(std::string directory) : directory_(std::move(directory)) {}

    /// Lower-case letters, digits, '-' and '_', at most kNameBytesMax.
    [[nodiscard]] static bool is_valid_name(std::string_view name) noexcept;

    /// Errors: kInvalidArgument (name), kTooLarge, those of the file system.
    [[nodiscard]] base::Status write(std::string_view name, base::ByteView contents) const;

    /// The newest whole copy. Errors: kNotFound when there never was one, kMalformed when neither
    /// copy is whole, kInvalidArgument (name).
    [[nodiscard]] base::Result<base::Bytes> read(std::string_view name) const;

    /// Names that have a copy, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    [[nodiscard]] std::string path_of(std::string_view name) const;

    std::string directory_;
};

/// CRC-32 with the reflected polynomial 0xEDB88320 (IEEE 802.3, as in zlib).
[[nodiscard]] std::uint32_t crc32(base::ByteView bytes) noexcept;

}  // namespace qe::host
