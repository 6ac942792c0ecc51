// SPDX-License-Identifier: Apache-2.0
//
// The fields of every Document, in the manner of fields.h.
#pragma once

#include "control/fields.h"
#include "quicether/control/document.h"

namespace qe::control {

template <>
inline constexpr std::string_view kName<VersionDocument> = "version";
template <>
inline constexpr std::string_view kName<IdDocument> = "id";
template <>
inline constexpr std::string_view kName<StartDocument> = "start";
template <>
inline constexpr std::string_view kName<PingSummaryDocument> = "ping_summary";
template <>
inline constexpr std::string_view kName<ConfigCheckDocument> = "config_check";
template <>
inline constexpr std::string_view kName<ConfigSetDocument> = "config_set";

template <typename Visit>
void fields(Visit& visit, Is<VersionDocument> auto& document) {
    visit("version", document.version);
    visit("commit", document.commit);
    visit("daemon_version", document.daemon_version);
    visit("daemon_commit", document.daemon_commit);
}

template <typename Visit>
void fields(Visit& visit, Is<IdDocument> auto& document) {
    visit("node_id", document.node_id);
    visit("public_key", document.public_key);
    visit("key_file", document.key_file);
    visit("created", document.created);
}

template <typename Visit>
void fields(Visit& visit, Is<StartDocument> auto& document) {
    visit("pid", document.pid);
}

template <typename Visit>
void fields(Visit& visit, Is<PingAttempt> auto& document) {
    visit("sequence", document.sequence);
    visit("rtt_us", document.rtt_us);
    visit("path_local", document.path_local);
    visit("path_remote", document.path_remote);
    visit("kind", document.kind);
    visit("error", document.error);
}

template <typename Visit>
void fields(Visit& visit, Is<PingSummaryDocument> auto& document) {
    visit("peer", document.peer);
    visit("node_id", document.node_id);
    visit("name", document.name);
    visit("sent", document.sent);
    visit("received", document.received);
    visit("rtt_min_us", document.rtt_min_us);
    visit("rtt_mean_us", document.rtt_mean_us);
    visit("rtt_max_us", document.rtt_max_us);
    visit("attempts", document.attempts);
}

template <typename Visit>
void fields(Visit& visit, Is<ConfigProblem> auto& document) {
    visit("file", document.file);
    visit("line", document.line);
    visit("key", document.key);
    visit("message", document.message);
}

template <typename Visit>
void fields(Visit& visit, Is<ConfigCheckDocument> auto& document) {
    visit("file", document.file);
    visit("valid", document.valid);
    visit("problems", document.problems);
    visit("notes", document.notes);
}

template <typename Visit>
void fields(Visit& visit, Is<ConfigSetDocument> auto& document) {
    visit("file", document.file);
    visit("key", document.key);
    visit("value", document.value);
}

}  // namespace qe::control
