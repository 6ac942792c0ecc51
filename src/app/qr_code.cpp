// SPDX-License-Identifier: Apache-2.0
#include "app/qr_code.h"

#include <cstddef>
#include <memory>

#include <qrencode.h>

namespace qe::app {
namespace {

/// ISO/IEC 18004, 9.1: four modules around; two are enough for every reader and save lines.
constexpr int kQuietZone = 2;
/// SGR 30;107: black on bright white.
constexpr std::string_view kDarkOnLight = "\033[30;107m";
constexpr std::string_view kReset = "\033[0m";

struct FreeCode {
    void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};
using CodePtr = std::unique_ptr<QRcode, FreeCode>;

bool is_dark(const QRcode& code, int row, int column) {
    const bool inside = row >= 0 && column >= 0 && row < code.width && column < code.width;
    return inside && (code.data[row * code.width + column] & 1U) != 0;
}

std::string_view half_block(bool upper, bool lower) {
    if (upper) {
        return lower ? "\u2588" : "\u2580";
    }
    return lower ? "\u2584" : " ";
}

}  // namespace

tl::expected<std::string, std::string> qr_code_text(std::string_view text) {
    const CodePtr code(QRcode_encodeData(static_cast<int>(text.size()),
                                         reinterpret_cast<const unsigned char*>(text.data()), 0,
                                         QR_ECLEVEL_L));
    if (!code) {
        return tl::unexpected<std::string>("this does not fit into a QR code");
    }
    std::string lines;
    for (int row = -kQuietZone; row < code->width + kQuietZone; row += 2) {
        lines += kDarkOnLight;
        for (int column = -kQuietZone; column < code->width + kQuietZone; ++column) {
            lines += half_block(is_dark(*code, row, column), is_dark(*code, row + 1, column));
        }
        lines += kReset;
        lines += '\n';
    }
    return lines;
}

}  // namespace qe::app
