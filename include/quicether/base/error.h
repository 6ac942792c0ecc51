// SPDX-License-Identifier: Apache-2.0
//
// Error: what went wrong, small enough to return from a hot path.
//
// An Error is a code, the native code of the library or system call that failed (errno, ngtcp2,
// TLS alert) and a text with static lifetime. It never allocates: refusing a hostile packet must
// cost nothing. Sentences meant for an operator (file, line, key) are not Errors; they are built by
// `config` and `app`, which have the context.
#pragma once

#include <cstdint>
#include <string_view>

namespace qe::base {

/// Codes are grouped by module in ranges of 100, so that a number in a log names its module.
enum class ErrorCode : std::uint16_t {
    // base and general
    kInvalidArgument = 1,
    kTruncated,
    kMalformed,
    kTooLarge,
    kNotFound,
    kAlreadyExists,
    kQueueFull,
    kUnsupported,
    kClosed,
    // net
    kBadAddress = 100,
    kBadPrefix,
    // crypto
    kBadKey = 200,
    kBadCertificate,
    kCertificateExpired,
    kCertificateNotYetValid,
    kBadSignature,
    kNotTrusted,
    kWrongIdentity,
    kCryptoFailure,
    // config
    kBadConfig = 300,
    // quic
    kQuicFailure = 400,
    kTlsFailure,
    kNoSuchConnection,
    kDatagramTooLarge,
    kFlowBlocked,
    // overlay
    kBadOverlayHeader = 500,
    kBadFragment,
    kReassemblyFull,
    // route
    kTableFull = 600,
    // control
    kBadRequest = 700,
    // node
    kProtocolViolation = 800,
    // host
    kSystemCall = 900,
    kNoPermission,
    kInUse,
};

/// One failure. `text` must have static storage duration.
struct Error {
    ErrorCode code = ErrorCode::kInvalidArgument;
    int native = 0;  ///< errno, ngtcp2 or TLS code; 0 when there is none.
    std::string_view text;

    friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace qe::base
