// SPDX-License-Identifier: Apache-2.0
//
// When a member asks for a new certificate: when two thirds of the old one's life are over, earlier
// by up to a twelfth of its life so that not all ask at once.
#pragma once

#include "quicether/base/time.h"
#include "quicether/crypto/certificate.h"

namespace qe::network {

/// The same for the same certificate, on every run.
[[nodiscard]] base::UnixTime renewal_time(const crypto::CertificateFacts& facts) noexcept;
[[nodiscard]] bool needs_renewal(const crypto::CertificateFacts& facts,
                                 base::UnixTime now) noexcept;

}  // namespace qe::network
