// SPDX-License-Identifier: Apache-2.0
//
// The client against daemons that behave and daemons that do not.
#include "quicether/host/control_client.h"

#include <array>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/file_descriptor.h"
#include "quicether/control/json.h"
#include "temporary_directory.h"

namespace qe::host {
namespace {

using namespace std::chrono_literals;

/// Listens on a socket and gives each connection to `serve`, one after another.
class FakeDaemon {
  public:
    using Serve = std::function<void(int fd)>;

    FakeDaemon(const std::string& path, int connections, Serve serve)
        : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        EXPECT_EQ(listen(listener_.get(), 8), 0);
        thread_ = std::thread([this, connections, serve = std::move(serve)] {
            for (int i = 0; i < connections; ++i) {
                const FileDescriptor client(accept(listener_.get(), nullptr, nullptr));
                serve(client.get());
            }
        });
    }
    ~FakeDaemon() { thread_.join(); }

  private:
    FileDescriptor listener_;
    std::thread thread_;
};

std::string read_line(int fd) {
    std::string line;
    char c = 0;
    while (read(fd, &c, 1) == 1 && c != '\n') {
        line += c;
    }
    return line;
}

void write_text(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (size <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

void write_reply(int fd, const control::Reply& reply) {
    write_text(fd, control::encode_reply(reply) + "\n");
}

class ControlClient : public testing::Test {
  protected:
    [[nodiscard]] std::string path() const { return directory_.path() + "/ctl"; }

    [[nodiscard]] ClientErrorKind error_of(const FakeDaemon::Serve& serve,
                                           base::Duration limit = 5s) const {
        const FakeDaemon daemon(path(), 1, serve);
        const auto reply = ask(path(), control::StatusRequest{}, limit);
        EXPECT_FALSE(reply);
        return reply ? ClientErrorKind::NotRunning : reply.error().kind;
    }

    TemporaryDirectory directory_;
};

TEST_F(ControlClient, SendsTheRequestAndReadsTheReply) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        const auto request = control::parse_request(read_line(fd));
        ASSERT_TRUE(request);
        EXPECT_EQ(*request, control::Request(control::PingRequest{"server", 750}));
        write_reply(fd, control::PingReply{"", "server", 5, "", "", "direct"});
    });
    const auto reply = ask(path(), control::PingRequest{"server", 750}, 5s);
    ASSERT_TRUE(reply) << reply.error().sentence;
    EXPECT_EQ(std::get<control::PingReply>(*reply).rtt_us, 5U);
}

TEST_F(ControlClient, ReadsAReplyThatComesInPieces) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        const std::string line =
            control::encode_reply(control::ConfigReply{std::string(200'000, 'x')}) + "\n";
        for (std::size_t at = 0; at < line.size(); at += 50'000) {
            write_text(fd, std::string_view(line).substr(at, 50'000));
            std::this_thread::sleep_for(1ms);
        }
    });
    const auto reply = ask(path(), control::ConfigRequest{}, 5s);
    ASSERT_TRUE(reply) << reply.error().sentence;
    EXPECT_EQ(std::get<control::ConfigReply>(*reply).toml.size(), 200'000U);
}

TEST_F(ControlClient, WithoutASocketTheDaemonIsNotRunning) {
    const auto reply = ask(path(), control::StatusRequest{}, 1s);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ClientErrorKind::NotRunning);
    EXPECT_NE(reply.error().sentence.find(path()), std::string::npos);
}

TEST_F(ControlClient, ASocketNobodyListensOnIsNoDaemon) {
    { const FakeDaemon daemon(path(), 0, {}); }
    EXPECT_EQ(ask(path(), control::StatusRequest{}, 1s).error().kind, ClientErrorKind::NotRunning);
}

TEST_F(ControlClient, APathTooLongForASocketIsSaidSo) {
    const auto reply = ask("/" + std::string(200, 'x'), control::StatusRequest{}, 1s);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ClientErrorKind::Failed);
    EXPECT_NE(reply.error().sentence.find("longer than"), std::string::npos);
}

TEST_F(ControlClient, ADaemonThatSaysNothingIsATimeout) {
    EXPECT_EQ(error_of([](int fd) { EXPECT_EQ((read_line(fd), read_line(fd)), ""); }, 100ms),
              ClientErrorKind::Timeout);
}

TEST_F(ControlClient, ADaemonThatSaysHalfIsATimeoutToo) {
    EXPECT_EQ(error_of(
                  [](int fd) {
                      write_text(fd, "{\"v\":1,");
                      EXPECT_EQ((read_line(fd), read_line(fd)), "");
                  },
                  100ms),
              ClientErrorKind::Timeout);
}

TEST_F(ControlClient, AClosedConnectionIsAFailure) {
    EXPECT_EQ(error_of([](int) {}), ClientErrorKind::Failed);
    unlink(path().c_str());
    EXPECT_EQ(error_of([](int fd) { read_line(fd); }), ClientErrorKind::Failed);
}

TEST_F(ControlClient, AnAnswerThatMakesNoSenseIsAFailure) {
    EXPECT_EQ(error_of([](int fd) {
                  read_line(fd);
                  write_text(fd, "HTTP/1.1 400 Bad Request\n");
              }),
              ClientErrorKind::Failed);
}

TEST_F(ControlClient, ARefusalIsReadThoughTheRequestWasNot) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        write_reply(fd, control::ErrorReply{control::ErrorKind::Denied, "not you"});
    });
    std::this_thread::sleep_for(20ms);
    const auto reply = ask(path(), control::StatusRequest{}, 5s);
    ASSERT_TRUE(reply) << reply.error().sentence;
    EXPECT_EQ(std::get<control::ErrorReply>(*reply).message, "not you");
}

TEST_F(ControlClient, FollowHandsOutEveryRecordUntilTheEnd) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        for (const char* message : {"one", "two", "three"}) {
            write_reply(fd, control::LogLine{"", "info", "node", message});
        }
    });
    std::string seen;
    const auto done = follow(path(), {.lines = 3}, 5s, [&](const control::Reply& reply) {
        seen += std::get<control::LogLine>(reply).message + " ";
        return true;
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(seen, "one two three ");
}

TEST_F(ControlClient, FollowStopsWhenTheCallerHasEnough) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        write_reply(fd, control::LogLine{});
        write_reply(fd, control::LogLine{});
    });
    int count = 0;
    EXPECT_TRUE(follow(path(), {}, 5s, [&](const control::Reply&) { return ++count < 1; }));
    EXPECT_EQ(count, 1);
}

TEST_F(ControlClient, FollowWaitsLongerThanItsLimitForNews) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        std::this_thread::sleep_for(200ms);
        write_reply(fd, control::LogLine{});
    });
    int count = 0;
    EXPECT_TRUE(follow(path(), {.lines = 0, .follow = true}, 50ms, [&](const control::Reply&) {
        ++count;
        return true;
    }));
    EXPECT_EQ(count, 1);
}

TEST_F(ControlClient, StopHandsBackARefusalAtOnce) {
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        write_reply(fd, control::ErrorReply{control::ErrorKind::Denied, "not you"});
    });
    const auto reply = stop_and_wait(path(), 5s);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(std::holds_alternative<control::ErrorReply>(*reply));
}

TEST_F(ControlClient, StopWaitsForTheProcessAndNotForTheReply) {
    // The fake daemon is a thread of this very process, which does not end.
    const FakeDaemon daemon(path(), 1, [](int fd) {
        read_line(fd);
        write_reply(fd, control::StopReply{});
    });
    const auto reply = stop_and_wait(path(), 200ms);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ClientErrorKind::Timeout);
}

}  // namespace
}  // namespace qe::host
