// SPDX-License-Identifier: Apache-2.0
#include "node/links/close_text.h"

#include <fmt/core.h>

namespace qe::node {
namespace {

// TLS alerts, RFC 8446, section 6.
constexpr std::uint64_t kBadCertificate = 42;
constexpr std::uint64_t kCertificateExpired = 45;
constexpr std::uint64_t kCertificateUnknown = 46;
constexpr std::uint64_t kAccessDenied = 49;
constexpr std::uint64_t kNoApplicationProtocol = 120;

std::string alert_text(std::uint64_t alert) {
    switch (alert) {
        case kBadCertificate:
            return "the peer refused us: our certificate is bad";
        case kCertificateExpired:
            return "the peer refused us: our certificate is outside its validity; check both "
                   "clocks";
        case kCertificateUnknown:
            return "the peer refused us: our key is not the one it expects";
        case kAccessDenied:
            return "the peer refused us: we are not on its list of allowed peers";
        case kNoApplicationProtocol:
            return "what answers there does not speak our protocol version";
        default:
            return fmt::format("the peer refused us (TLS alert {})", alert);
    }
}

std::string refusal_text(const quic::Closed& event) {
    switch (event.error.code) {
        case base::ErrorCode::kNotTrusted:
            return "not on our list of allowed peers";
        case base::ErrorCode::kWrongIdentity:
            return "another identity answers there than the one expected";
        case base::ErrorCode::kCertificateExpired:
            return "its certificate has expired";
        case base::ErrorCode::kCertificateNotYetValid:
            return "its certificate is not valid yet";
        default:
            return fmt::format("its certificate is not acceptable ({})", event.error.text);
    }
}

}  // namespace

std::string close_text(const quic::Closed& event) {
    switch (event.cause) {
        case quic::CloseCause::HandshakeTimeout:
            return "no answer";
        case quic::CloseCause::IdleTimeout:
            return "nothing heard for too long";
        case quic::CloseCause::StatelessReset:
            return "the peer forgot the connection (restarted)";
        case quic::CloseCause::PeerClosed:
            return fmt::format("closed by the peer: {}",
                               event.reason.empty() ? "no reason given" : event.reason);
        case quic::CloseCause::TransportError:
            return fmt::format("transport error {}{}{}", event.peer_code,
                               event.reason.empty() ? "" : ": ", event.reason);
        case quic::CloseCause::TlsAlert:
            return alert_text(event.peer_code);
        case quic::CloseCause::PeerRefused:
            return refusal_text(event);
        case quic::CloseCause::VersionMismatch:
            return "no QUIC version in common";
        case quic::CloseCause::LocalError:
            return std::string(event.error.text);
    }
    return "unknown";
}

std::string held_back_text(std::uint64_t held_back) {
    return held_back == 0 ? std::string() : fmt::format(" ({} more like this)", held_back);
}

std::string describe(const Peer& peer) {
    const std::string& name = peer.shown_name();
    return name.empty() ? peer.id.short_text() : fmt::format("{} ({})", name, peer.id.short_text());
}

std::string offload_text(std::string_view who, double burst_loss, double single_loss) {
    return fmt::format(
        "segmentation offload is off on the path to {}: {:.0f} % of the packets sent that way were "
        "lost, {:.0f} % of those sent one by one; it is tried again later",
        who, burst_loss * 100, single_loss * 100);
}

}  // namespace qe::node
