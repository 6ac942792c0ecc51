// SPDX-License-Identifier: Apache-2.0
#include "host/state_store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "host/atomic_file.h"

namespace qe::host {
namespace {

constexpr std::string_view kMagic = "QESTATE1";
constexpr std::size_t kHeaderBytes = 16;
constexpr std::string_view kSuffix = ".state";
constexpr std::string_view kPreviousSuffix = ".prev";

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1U) != 0 ? (value >> 1) ^ 0xEDB88320U : value >> 1;
        }
        table[i] = value;
    }
    return table;
}

constexpr auto kCrcTable = make_crc_table();

base::Result<base::Bytes> unwrap(base::ByteView file) {
    base::ByteReader reader(file);
    const base::ByteView magic = reader.take(kMagic.size());
    const std::uint32_t size = reader.u32();
    const std::uint32_t checksum = reader.u32();
    const base::ByteView contents = reader.rest();
    const bool whole = reader.ok() && base::as_text(magic) == kMagic && contents.size() == size &&
                       crc32(contents) == checksum;
    if (!whole) {
        return base::fail(base::ErrorCode::kMalformed, "the state file is damaged");
    }
    return base::Bytes(contents.begin(), contents.end());
}

base::Result<base::Bytes> read_copy(const std::string& path) {
    const auto file = read_file(path, StateStore::kContentsBytesMax + kHeaderBytes);
    if (!file && file.error().native == ENOENT) {
        return base::fail(base::ErrorCode::kNotFound, "no such state");
    }
    if (!file) {
        return base::fail(file);
    }
    return unwrap(*file);
}

bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::uint32_t crc32(base::ByteView bytes) noexcept {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::byte b : bytes) {
        crc = kCrcTable[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xFFU] ^ (crc >> 8);
    }
    return ~crc;
}

bool StateStore::is_valid_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kNameBytesMax &&
           std::ranges::all_of(name, is_name_character);
}

std::string StateStore::path_of(std::string_view name) const {
    return directory_ + "/" + std::string(name) + std::string(kSuffix);
}

base::Status StateStore::write(std::string_view name, base::ByteView contents) const {
    if (!is_valid_name(name)) {
        return base::fail(base::ErrorCode::kInvalidArgument, "not a name for a state file");
    }
    if (contents.size() > kContentsBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "the state is too large to be kept");
    }
    base::Bytes file(kHeaderBytes + contents.size());
    base::ByteWriter writer(file);
    writer.bytes(base::as_bytes(kMagic));
    writer.u32(static_cast<std::uint32_t>(contents.size()));
    writer.u32(crc32(contents));
    writer.bytes(contents);
    const std::string path = path_of(name);
    base::Status written =
        write_file_atomically(path, file, {0600, path + std::string(kPreviousSuffix)});
    base::wipe(file);  // there may be secrets in it
    return written;
}

base::Result<base::Bytes> StateStore::read(std::string_view name) const {
    if (!is_valid_name(name)) {
        return base::fail(base::ErrorCode::kInvalidArgument, "not a name for a state file");
    }
    auto current = read_copy(path_of(name));
    if (current) {
        return current;
    }
    auto previous = read_copy(path_of(name) + std::string(kPreviousSuffix));
    const bool never_written = !previous && previous.error().code == base::ErrorCode::kNotFound;
    return never_written ? std::move(current) : std::move(previous);
}

std::vector<std::string> StateStore::names() const {
    std::set<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
        std::string file = entry.path().filename().string();
        if (file.ends_with(kPreviousSuffix)) {
            file.resize(file.size() - kPreviousSuffix.size());
        }
        if (!file.ends_with(kSuffix)) {
            continue;
        }
        file.resize(file.size() - kSuffix.size());
        if (is_valid_name(file)) {
            found.insert(file);
        }
    }
    return {found.begin(), found.end()};
}

}  // namespace qe::host
