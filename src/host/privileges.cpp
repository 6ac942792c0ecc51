// SPDX-License-Identifier: Apache-2.0
#include "host/privileges.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/failure.h"

namespace qe::host {
namespace {

constexpr std::uint32_t kKept = 1U << CAP_NET_ADMIN;
/// More than any kernel knows; PR_CAPBSET_READ tells where its list ends.
constexpr unsigned long kCapabilitiesMax = 64;

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

void shrink_bounding_set() noexcept {
    for (unsigned long capability = 0; capability < kCapabilitiesMax; ++capability) {
        if (capability != CAP_NET_ADMIN &&
            ::prctl(PR_CAPBSET_READ, capability, 0UL, 0UL, 0UL) == 1) {
            // Needs CAP_SETPCAP; a service manager that withheld it has shrunk the set itself.
            ::prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL);
        }
    }
}

}  // namespace

base::Status drop_privileges() noexcept {
    shrink_bounding_set();
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
        return fail_errno("setting no_new_privs");
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    CapabilitySets sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) {
        return fail_errno("reading capabilities");
    }
    for (__user_cap_data_struct& set : sets) {
        const std::uint32_t kept = &set == sets.data() ? kKept : 0;
        set.permitted &= kept;
        set.effective &= kept;
        set.inheritable = 0;
    }
    if (::syscall(SYS_capset, &header, sets.data()) != 0) {
        return fail_errno("dropping capabilities");
    }
    return {};
}

}  // namespace qe::host
