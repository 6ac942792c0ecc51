// SPDX-License-Identifier: Apache-2.0
//
// Byte views, and a bounded reader and writer in network byte order.
//
// ByteReader never reads past its view and ByteWriter never writes past its buffer: after the first
// overrun both stay failed (`ok() == false`), hand out zeros and change nothing, so a parser may
// read a whole header and check once. Views never outlive the call they were passed to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qe::base {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// The bytes of a text, without a terminator.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// The text of some bytes; shares their lifetime.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// For C interfaces that want `uint8_t`.
[[nodiscard]] inline const std::uint8_t* as_u8(ByteView bytes) noexcept {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
[[nodiscard]] inline std::uint8_t* as_u8(MutableBytes bytes) noexcept {
    return reinterpret_cast<std::uint8_t*>(bytes.data());
}
[[nodiscard]] inline ByteView from_u8(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// Fills `out` from exactly 2 × out.size() hex digits of either case; false (out untouched) else.
[[nodiscard]] bool from_hex(std::string_view text, MutableBytes out) noexcept;

/// Overwrites secrets in a way the compiler may not remove.
void wipe(MutableBytes bytes) noexcept;

/// Reads big-endian integers and sub-views from a view.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
    [[nodiscard]] ByteView rest() const noexcept { return rest_; }

    std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number<1>()); }
    std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number<2>()); }
    std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number<4>()); }
    std::uint64_t u64() noexcept { return number<8>(); }

    /// The next `size` bytes, or an empty view and a failed reader.
    ByteView take(std::size_t size) noexcept {
        if (!ok_ || rest_.size() < size) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const ByteView taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

  private:
    template <std::size_t kSize>
    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (const std::byte b : take(kSize)) {
            value = (value << 8) | std::to_integer<std::uint64_t>(b);
        }
        return value;
    }

    ByteView rest_;
    bool ok_ = true;
};

/// Writes big-endian integers and byte runs into a caller's buffer.
class ByteWriter {
  public:
    explicit ByteWriter(MutableBytes buffer) noexcept : buffer_(buffer) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t room() const noexcept { return buffer_.size() - size_; }
    [[nodiscard]] ByteView written() const noexcept { return buffer_.first(size_); }

    void u8(std::uint8_t value) noexcept { number<1>(value); }
    void u16(std::uint16_t value) noexcept { number<2>(value); }
    void u32(std::uint32_t value) noexcept { number<4>(value); }
    void u64(std::uint64_t value) noexcept { number<8>(value); }

    void bytes(ByteView data) noexcept {
        if (!reserve(data.size())) {
            return;
        }
        if (!data.empty()) {
            std::memcpy(buffer_.data() + size_, data.data(), data.size());
        }
        size_ += data.size();
    }

  private:
    bool reserve(std::size_t size) noexcept {
        ok_ = ok_ && room() >= size;
        return ok_;
    }

    template <std::size_t kSize>
    void number(std::uint64_t value) noexcept {
        if (!reserve(kSize)) {
            return;
        }
        for (std::size_t i = 0; i < kSize; ++i) {
            buffer_[size_ + i] = static_cast<std::byte>(value >> (8 * (kSize - 1 - i)));
        }
        size_ += kSize;
    }

    MutableBytes buffer_;
    std::size_t size_ = 0;
    bool ok_ = true;
};

}  // namespace qe::base
