// SPDX-License-Identifier: Apache-2.0
//
// UniqueHandle: a unique_ptr for the C objects of OpenSSL and ngtcp2, freed by one C function.
#pragma once

#include <memory>

namespace qe::quic {

template <auto kFree>
struct CallFree {
    template <typename T>
    void operator()(T* object) const noexcept {
        kFree(object);
    }
};

template <typename T, auto kFree>
using UniqueHandle = std::unique_ptr<T, CallFree<kFree>>;

}  // namespace qe::quic
