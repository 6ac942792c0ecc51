// SPDX-License-Identifier: Apache-2.0
#include "quicether/quic/types.h"

namespace qe::quic {

std::string_view to_text(CloseCause cause) noexcept {
    switch (cause) {
        case CloseCause::HandshakeTimeout:
            return "handshake_timeout";
        case CloseCause::IdleTimeout:
            return "idle_timeout";
        case CloseCause::StatelessReset:
            return "stateless_reset";
        case CloseCause::PeerClosed:
            return "peer_closed";
        case CloseCause::TransportError:
            return "transport_error";
        case CloseCause::TlsAlert:
            return "tls_alert";
        case CloseCause::PeerRefused:
            return "peer_refused";
        case CloseCause::VersionMismatch:
            return "version_mismatch";
        case CloseCause::LocalError:
            return "local_error";
    }
    return "unknown";
}

}  // namespace qe::quic
