// SPDX-License-Identifier: Apache-2.0
#include "node/membership/name_settling.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace qe::node {
namespace {

/// Whose name a member with a smaller NodeId has.
std::vector<crypto::NodeId> misnamed(const network::Directory& directory) {
    std::set<std::string_view> names;
    std::vector<crypto::NodeId> found;
    for (const auto& [id, member] : directory.members()) {
        if (!names.insert(member.attributes.name).second) {
            found.push_back(id);
        }
    }
    return found;
}

}  // namespace

void settle_names(OwnNetwork& network, NodeState& state) {
    if (!network.is_admin()) {
        return;
    }
    for (const crypto::NodeId& id : misnamed(network->directory)) {
        const network::Member& member = *network->directory.find(id);
        const crypto::PublicKey key = member.facts.key;
        const std::string name = member.attributes.name;
        auto made = network->authority->certify(network->directory, key, member.attributes,
                                                state.wall_now, state.rng);
        if (!made) {
            state.log.warn("a second member is called {}: {}", name, made.error().text);
            continue;
        }
        state.log.info("a second member was called {}: it is {} now", name,
                       network->directory.find(id)->attributes.name);
        network.note(id);
        network.tell({network::ItemKind::Certificate, std::move(*made)});
    }
}

}  // namespace qe::node
