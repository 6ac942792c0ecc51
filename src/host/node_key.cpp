// SPDX-License-Identifier: Apache-2.0
#include "quicether/host/node_key.h"

#include <cerrno>

#include <fmt/core.h>
#include <sys/random.h>

#include "host/atomic_file.h"
#include "host/failure.h"
#include "host/state_directory.h"

namespace qe::host {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16 * 1024;

NodeKey describe_key(const crypto::Identity& identity, const std::string& path, bool created) {
    return {identity.public_key(), identity.node_id(), path, created};
}

/// `node.key` as StateDirectory writes it, without the directory's lock.
Checked<NodeKey> read_key(const std::string& path, base::Bytes& contents) {
    const auto identity = crypto::parse_key_file(contents);
    base::wipe(contents);
    if (!identity) {
        return refuse(
            fmt::format("key file {} is damaged ({}); restore it from a backup, or "
                        "remove it for a new identity",
                        path, identity.error().text));
    }
    return describe_key(*identity, path, false);
}

Checked<NodeKey> create_key(const std::string& directory, const std::string& path) {
    auto state = StateDirectory::open(directory);
    if (!state) {
        return refuse(std::move(state.error()));
    }
    base::Rng::Seed seed;
    if (getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
        return refuse("the kernel gives no random bytes for a key; check getrandom(2)");
    }
    base::Rng rng(seed);
    base::wipe(seed);
    const auto identity = state->load_or_create_identity(rng);
    if (!identity) {
        return refuse(identity.error());
    }
    return describe_key(*identity, path, true);
}

}  // namespace

tl::expected<NodeKey, std::string> find_or_create_node_key(const std::string& state_directory) {
    const std::string path = state_directory + "/node.key";
    auto contents = read_file(path, kKeyFileBytesMax);
    if (contents) {
        return read_key(path, *contents);
    }
    // ENOTDIR: StateDirectory has the sentence for it.
    if (contents.error().native == ENOENT || contents.error().native == ENOTDIR) {
        return create_key(state_directory, path);
    }
    return refuse(
        fmt::format("key file {} cannot be read: {}; run this as root or as the user "
                    "that runs the daemon",
                    path, errno_text(contents.error().native)));
}

}  // namespace qe::host
