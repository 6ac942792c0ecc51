// SPDX-License-Identifier: Apache-2.0
#include "app/console.h"

#include "quicether/control/json.h"

namespace qe::app {

void Console::print(std::string_view text) { *out_ << text << std::flush; }

void Console::print(const control::Reply& reply) { print(control::encode_reply(reply) + "\n"); }

void Console::print(const control::Document& document) {
    print(control::encode_document(document) + "\n");
}

void Console::warn(std::string_view sentence) {
    *err_ << "quicether: warning: " << sentence << "\n" << std::flush;
}

void Console::explain(const Failure& failure) {
    for (const std::string& sentence : failure.sentences) {
        *err_ << "quicether: " << sentence << "\n";
    }
    *err_ << std::flush;
}

ExitCode Console::fail(const Failure& failure) {
    explain(failure);
    if (json_) {
        std::string all;
        for (const std::string& sentence : failure.sentences) {
            all += (all.empty() ? "" : "\n") + sentence;
        }
        print(control::Reply(control::ErrorReply{failure.kind, all}));
    }
    return failure.code;
}

}  // namespace qe::app
