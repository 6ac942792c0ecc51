// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/sequence_diagram.h"
#include "small_world.h"

namespace qe::sim {
namespace {

using test::ip;

constexpr base::Instant kBegan = base::Instant::from_nanoseconds(1'000'000'000);
const std::vector<std::string> kNames = {"alice", "bob", "carol"};

class TraceTest : public ::testing::Test {
  protected:
    static Packet packet(std::uint64_t number, std::size_t size = 100) {
        Packet p;
        p.source = {ip("198.51.100.1"), 9000, 0};
        p.destination = {ip("203.0.113.1"), 9000, 0};
        p.number = number;
        p.payload.assign(size, std::byte{7});
        return p;
    }
    void pass(base::Duration time) { now = now + time; }
    [[nodiscard]] std::string drawn() const { return to_mermaid(trace, kNames, {kBegan}); }
    [[nodiscard]] std::string lines() const { return to_json_lines(trace, kNames, kBegan); }

    base::Instant now = kBegan;
    Trace trace{[this] { return now; }, 4};
};

std::uint64_t hash_of(const base::Bytes& bytes) {
    TraceHash hash;
    hash.add(bytes);
    return hash.value();
}

TEST(TraceHash, SeesEveryBitOfEveryLength) {
    std::set<std::uint64_t> seen;
    std::size_t made = 0;
    for (std::size_t size = 0; size < 70; ++size) {
        base::Bytes bytes(size);
        seen.insert(hash_of(bytes));
        ++made;
        for (std::size_t bit = 0; bit < size * 8; ++bit) {
            base::Bytes changed = bytes;
            changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            seen.insert(hash_of(changed));
            ++made;
        }
    }
    EXPECT_EQ(seen.size(), made);
}

TEST(TraceHash, SeesWhereOneRunEndsAndTheNextBegins) {
    const base::Bytes bytes(32, std::byte{1});
    TraceHash one;
    one.add(base::ByteView(bytes).first(16));
    one.add(base::ByteView(bytes).subspan(16));
    TraceHash other;
    other.add(base::ByteView(bytes).first(8));
    other.add(base::ByteView(bytes).subspan(8));
    EXPECT_NE(one.value(), other.value());
}

TEST_F(TraceTest, HashDependsOnTimeOrderAndPlace) {
    std::set<std::uint64_t> seen;
    const auto run = [&](auto&& script) {
        now = kBegan;
        Trace fresh([this] { return now; }, 4);
        script(fresh);
        seen.insert(fresh.hash());
    };
    run([&](Trace& t) { t.on_sent(0, packet(1)), t.on_sent(1, packet(2)); });
    run([&](Trace& t) { t.on_sent(1, packet(2)), t.on_sent(0, packet(1)); });
    run([&](Trace& t) {
        t.on_sent(0, packet(1)), pass(base::Duration(1)), t.on_sent(1, packet(2));
    });
    run([&](Trace& t) { t.on_received(0, packet(1)), t.on_sent(1, packet(2)); });
    run([&](Trace& t) { t.on_sent(0, packet(1)), t.on_sent(1, packet(3)); });
    run([&](Trace& t) { t.on_log(0, base::LogLevel::Info, "up"); });
    run([&](Trace& t) { t.on_action("up"); });
    run([&](Trace& t) { t.on_host(0, HostChange::Started); });
    run([&](Trace& t) { t.on_host(0, HostChange::Left); });
    EXPECT_EQ(seen.size(), 9U);
}

TEST_F(TraceTest, HashOutlivesTheMemory) {
    for (std::uint64_t i = 0; i < 10; ++i) {
        trace.on_sent(0, packet(i));
    }
    Trace other([this] { return now; }, 4);
    for (std::uint64_t i = 1; i < 10; ++i) {
        other.on_sent(0, packet(i));
    }
    EXPECT_EQ(lines(), to_json_lines(other, kNames, kBegan));
    EXPECT_NE(trace.hash(), other.hash());
}

TEST_F(TraceTest, RemembersTheLastEventsOldestFirst) {
    for (std::uint64_t i = 0; i < 10; ++i) {
        trace.on_sent(0, packet(i));
    }
    std::vector<std::uint64_t> numbers;
    trace.for_each([&](const TraceRecord& record) { numbers.push_back(record.number); });
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{6, 7, 8, 9}));
    EXPECT_EQ(trace.events(), 10U);
}

TEST_F(TraceTest, RemembersNothingOfNothing) {
    EXPECT_EQ(lines(), "");
    EXPECT_EQ(drawn(), "sequenceDiagram\n");
}

TEST_F(TraceTest, WritesOneObjectALine) {
    pass(base::milliseconds(1500));
    trace.on_sent(0, packet(5, 1200));
    trace.on_log(1, base::LogLevel::Warn, "a \"quoted\"\nline");
    EXPECT_EQ(lines(),
              "{\"time\":1.500000000,\"kind\":\"sent\",\"host\":\"alice\",\"number\":5,"
              "\"bytes\":1200,\"source\":\"198.51.100.1:9000\","
              "\"destination\":\"203.0.113.1:9000\"}\n"
              "{\"time\":1.500000000,\"kind\":\"log\",\"host\":\"bob\",\"level\":\"warn\","
              "\"text\":\"a \\\"quoted\\\"\\u000aline\"}\n");
}

TEST_F(TraceTest, DrawsOneArrowForAPairsDatagramsOfAStep) {
    trace.on_sent(0, packet(1));
    trace.on_sent(0, packet(2, 50));
    pass(base::milliseconds(20));
    trace.on_received(1, packet(1));
    trace.on_received(1, packet(2, 50));
    EXPECT_EQ(drawn(),
              "sequenceDiagram\n"
              "    participant h0 as alice\n"
              "    participant h1 as bob\n"
              "    h0->>h1: 0.0s 2 datagrams, 150 bytes\n");
}

TEST_F(TraceTest, DrawsWhatDidNotArriveAsLost) {
    Packet back = packet(1);
    std::swap(back.source, back.destination);
    back.origin = 1;
    trace.on_sent(1, back);
    trace.on_received(0, back);
    pass(base::milliseconds(300));
    trace.on_sent(0, packet(2));
    EXPECT_NE(drawn().find("    h1->>h0: 0.0s 1 datagram, 100 bytes\n"
                           "    h0--xh1: 0.3s 1 datagram, 100 bytes, not arrived\n"),
              std::string::npos)
        << drawn();
}

TEST_F(TraceTest, DrawsNotesInOrderWithoutMermaidsSyntax) {
    trace.on_host(2, HostChange::Crashed);
    pass(base::seconds(12));
    trace.on_log(2, base::LogLevel::Info, "peer; <#1>");
    trace.on_action("heal");
    EXPECT_EQ(drawn(),
              "sequenceDiagram\n"
              "    participant h0 as alice\n"
              "    participant h2 as carol\n"
              "    Note over h2: 0.0s crashed\n"
              "    Note over h2: 12.0s peer, #lt;#35;1#gt; (info)\n"
              "    Note over h0,h2: 12.0s heal\n");
}

TEST_F(TraceTest, LeavesOutTheOldestLinesOfALongDiagram) {
    for (int i = 0; i < 4; ++i) {
        trace.on_host(static_cast<HostId>(i % 2), HostChange::Moved);
        pass(base::seconds(1));
    }
    DiagramOptions options{kBegan};
    options.lines_max = 2;
    EXPECT_EQ(to_mermaid(trace, kNames, options),
              "sequenceDiagram\n"
              "    participant h0 as alice\n"
              "    participant h1 as bob\n"
              "    Note over h0: 2 earlier lines left out\n"
              "    Note over h0: 2.0s moved\n"
              "    Note over h1: 3.0s moved\n");
}

TEST_F(TraceTest, DrawsTheLastPartOnly) {
    trace.on_host(0, HostChange::Started);
    pass(base::seconds(200));
    trace.on_host(1, HostChange::Started);
    EXPECT_EQ(drawn().find("alice"), std::string::npos);
}

}  // namespace
}  // namespace qe::sim
