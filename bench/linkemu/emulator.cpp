// SPDX-License-Identifier: Apache-2.0
#include "emulator.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace qe::linkemu {
namespace {

constexpr std::size_t kInterfaceMtu = 1500;
constexpr std::size_t kInterfaceMtuMin = 68;
constexpr std::size_t kInterfaceMtuMax = 65535;

std::string_view trimmed(std::string_view text) {
    text = text.substr(0, text.find('#'));
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r"), text.size());
    return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!(text = trimmed(text)).empty()) {
        words.push_back(cut(text, ' '));
    }
    return words;
}

bool is_name(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

/// "interface-mtu 9000" in front of the conditions, if it is there.
Checked<std::size_t> take_interface_mtu(std::span<const std::string_view>& words) {
    if (words.size() < 2 || words[0] != "interface-mtu") {
        return kInterfaceMtu;
    }
    std::size_t mtu = 0;
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), mtu);
    if (mtu < kInterfaceMtuMin || mtu > kInterfaceMtuMax) {
        return tl::unexpected(fmt::format("interface-mtu is \"{}\", but has to be {} to {}",
                                          words[1], kInterfaceMtuMin, kInterfaceMtuMax));
    }
    words = words.subspan(2);
    return mtu;
}

}  // namespace

std::string Emulator::execute(base::Instant now, std::string_view line) {
    line = trimmed(line);
    if (line.empty()) {
        return {};
    }
    const auto answer = run(now, line);
    return answer ? *answer : "error: " + answer.error();
}

void Emulator::run_due(base::Instant now, const std::function<void(const std::string&)>& complain) {
    while (!put_off_.empty() && put_off_.begin()->first <= now) {
        const auto due = put_off_.extract(put_off_.begin());
        if (const std::string answer = execute(due.key(), due.mapped());
            answer.starts_with("error")) {
            complain(due.mapped() + ": " + answer);
        }
    }
}

void Emulator::deliver(base::Instant now) {
    for (const auto& link : links_) {
        link->deliver(now);
    }
}

base::Instant Emulator::next_deadline() const noexcept {
    base::Instant next = put_off_.empty() ? base::Instant::never() : put_off_.begin()->first;
    for (const auto& link : links_) {
        next = std::min(next, link->next_deadline());
    }
    return next;
}

base::Duration Emulator::shortest_delay() const noexcept {
    base::Duration shortest = base::Duration::max();
    for (const auto& link : links_) {
        shortest = std::min({shortest, link->conditions(kA).delay, link->conditions(kB).delay});
    }
    return shortest;
}

// --- Commands ------------------------------------------------------------------------------------

Checked<std::string> Emulator::run(base::Instant now, std::string_view line) {
    std::string_view rest = line;
    const std::string_view verb = cut(rest, ' ');
    const auto words = words_of(rest);
    if (verb == "at") {
        return at(now, trimmed(rest));
    }
    if (verb == "link") {
        return add(words);
    }
    if (verb == "set") {
        return set(now, words);
    }
    if (verb == "down" || verb == "up") {
        return set_up(now, words, verb == "up");
    }
    if (verb == "stats") {
        return statistics();
    }
    ended_ = ended_ || verb == "quit";
    return ended_ ? Checked<std::string>("ok")
                  : tl::unexpected(fmt::format("there is no command \"{}\"", verb));
}

Checked<std::string> Emulator::at(base::Instant now, std::string_view rest) {
    const auto after = parse_duration(cut(rest, ' '));
    if (!after) {
        return tl::unexpected(after.error());
    }
    if (trimmed(rest).empty()) {
        return tl::unexpected(std::string("at what? A command has to follow the time"));
    }
    put_off_.emplace(now + *after, trimmed(rest));
    return "ok";
}

Checked<std::string> Emulator::add(Words words) {
    if (words.size() < 3 || !is_name(words[0])) {
        return tl::unexpected(
            std::string("link needs a name (letters, digits, - _ .) and two ends"));
    }
    if (named(words.first(1))) {
        return tl::unexpected(fmt::format("there is a link {} already", words[0]));
    }
    Words rest = words.subspan(3);
    const auto mtu = take_interface_mtu(rest);
    if (!mtu) {
        return tl::unexpected(mtu.error());
    }
    Conditions conditions;
    if (auto applied = apply_words(rest, conditions); !applied) {
        return tl::unexpected(applied.error());
    }
    auto a = TunPort::open(words[1], *mtu);
    auto b = a ? TunPort::open(words[2], *mtu) : tl::unexpected(a.error());
    if (!b) {
        return tl::unexpected(b.error());
    }
    links_.push_back(std::make_unique<Link>(
        std::string(words[0]), std::array{std::move(*a), std::move(*b)}, *mtu, seed_, conditions));
    return "ok";
}

Checked<std::string> Emulator::set(base::Instant now, Words words) {
    const auto links = named(words);
    if (!links) {
        return tl::unexpected(links.error());
    }
    words = words.subspan(1);
    const bool one_way = !words.empty() && (words[0] == "ab" || words[0] == "ba");
    const std::size_t only = one_way && words[0] == "ba" ? kB : kA;
    words = words.subspan(one_way ? 1 : 0);
    if (words.empty()) {
        return tl::unexpected(std::string("set needs a condition and its value"));
    }
    for (Link* link : *links) {
        for (const std::size_t side : {kA, kB}) {
            if (one_way && side != only) {
                continue;
            }
            Conditions conditions = link->conditions(side);
            if (auto applied = apply_words(words, conditions); !applied) {
                return tl::unexpected(applied.error());
            }
            link->set_conditions(now, side, conditions);
        }
    }
    return "ok";
}

Checked<std::string> Emulator::set_up(base::Instant now, Words words, bool up) {
    const auto links = named(words);
    if (!links) {
        return tl::unexpected(links.error());
    }
    for (Link* link : *links) {
        link->set_up(now, up);
    }
    return "ok";
}

Checked<std::vector<Link*>> Emulator::named(Words words) const {
    std::vector<Link*> found;
    for (const auto& link : links_) {
        if (!words.empty() && (words[0] == "*" || words[0] == link->name())) {
            found.push_back(link.get());
        }
    }
    if (found.empty()) {
        return tl::unexpected(
            fmt::format("there is no link \"{}\"", words.empty() ? "" : words[0]));
    }
    return found;
}

std::string Emulator::statistics() const {
    std::string all;
    for (const auto& link : links_) {
        all += (all.empty() ? "" : ",") + link->statistics();
    }
    return fmt::format(R"({{"links":[{}]}})", all);
}

}  // namespace qe::linkemu
