// SPDX-License-Identifier: Apache-2.0
//
// What the daemon gives up once it is set up: everything but CAP_NET_ADMIN (capabilities(7)).
//
// The user stays as it is: the state directory and the socket belong to it. A root without
// CAP_DAC_OVERRIDE is held to file permissions like anybody else, and no_new_privs keeps whatever
// it might execute from getting anything back.
#pragma once

#include "quicether/base/result.h"

namespace qe::host {

/// Concerns the calling thread and threads it starts later. Errors: kSystemCall; what was dropped
/// until then stays dropped.
[[nodiscard]] base::Status drop_privileges() noexcept;

}  // namespace qe::host
