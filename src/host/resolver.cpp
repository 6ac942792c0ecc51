// SPDX-License-Identifier: Apache-2.0
#include "host/resolver.h"

#include <algorithm>
#include <cstring>

#include <netdb.h>

#include "host/socket_address.h"

namespace qe::host {
namespace {

std::vector<net::IpAddress> addresses_of(const addrinfo* list) {
    std::vector<net::IpAddress> addresses;
    for (; list != nullptr; list = list->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, list->ai_addr,
                    std::min<std::size_t>(list->ai_addrlen, sizeof storage));
        const auto address = from_sockaddr(storage);
        if (address && std::ranges::find(addresses, address->ip) == addresses.end()) {
            addresses.push_back(address->ip);
        }
    }
    return addresses;
}

}  // namespace

struct Resolver::Lookup {
    uv_getaddrinfo_t request{};
    std::string host;
    std::shared_ptr<State> state;
};

/// Shared with the lookups in flight, which may outlive the Resolver.
struct Resolver::State : std::enable_shared_from_this<Resolver::State> {
    State(uv_loop_t* uv_loop, Callback on_done) : loop(uv_loop), callback(std::move(on_done)) {}

    void start_next() {
        while (!waiting.empty() && in_flight < kInFlightMax) {
            std::string host = std::move(waiting.front());
            waiting.pop_front();
            start(std::move(host));
        }
    }

    void start(std::string host) {
        auto* lookup = new Lookup{{}, std::move(host), shared_from_this()};
        lookup->request.data = lookup;
        addrinfo hints{};
        hints.ai_socktype = SOCK_DGRAM;
        ++in_flight;
        const int status = uv_getaddrinfo(loop, &lookup->request, on_addresses,
                                          lookup->host.c_str(), nullptr, &hints);
        if (status != 0) {
            on_addresses(&lookup->request, status, nullptr);
        }
    }

    static void on_addresses(uv_getaddrinfo_t* request, int status, addrinfo* list) noexcept {
        const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
        auto addresses = status == 0 ? addresses_of(list) : std::vector<net::IpAddress>{};
        uv_freeaddrinfo(list);
        State& state = *lookup->state;
        --state.in_flight;
        state.known.erase(lookup->host);
        if (state.callback) {
            state.callback(lookup->host, std::move(addresses));
            state.start_next();
        }
    }

    uv_loop_t* loop;
    Callback callback;
    std::size_t in_flight = 0;
    std::deque<std::string> waiting;
    std::set<std::string> known;  ///< Waiting or in flight.
};

Resolver::Resolver(EventLoop& loop, Callback callback)
    : state_(std::make_shared<State>(loop.raw(), std::move(callback))) {}

Resolver::~Resolver() {
    state_->callback = nullptr;
    state_->waiting.clear();
}

bool Resolver::busy() const noexcept { return state_->in_flight != 0; }

void Resolver::resolve(const std::string& host) {
    if (state_->waiting.size() >= kWaitingMax || !state_->known.insert(host).second) {
        return;
    }
    state_->waiting.push_back(host);
    state_->start_next();
}

}  // namespace qe::host
