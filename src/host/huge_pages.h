// SPDX-License-Identifier: Apache-2.0
//
// Huge pages for what every packet of a bulk transfer touches: packet buffers and the transport's
// records of what is in flight.
//
// They lie on a few thousand small pages, more than the address translation caches of a virtual
// machine hold; on transparent huge pages (Linux, Documentation/admin-guide/mm/transhuge.rst) they
// are a handful. Where the kernel has none, nothing changes.
#pragma once

namespace qe::host {

/// From now on the heap grows on huge pages, for its next 32 MiB. Memory is taken only as it is
/// used, but then 2 MiB at once: for a process that has something to do. glibc only.
void grow_heap_on_huge_pages() noexcept;

}  // namespace qe::host
