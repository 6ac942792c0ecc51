// SPDX-License-Identifier: Apache-2.0
//
// The real server on a real Unix socket, driven by hand through its loop.
#include "host/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "host/peer_credentials.h"
#include "quicether/control/json.h"
#include "unit/host/temporary_directory.h"

namespace qe::host {
namespace {

using ::testing::HasSubstr;

/// A client whose reads never block.
class Client {
  public:
    explicit Client(const std::string& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, path.data(), path.size());
        connected_ =
            ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    }

    [[nodiscard]] bool connected() const { return connected_; }
    void send(std::string_view text) {
        EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    /// As much as the socket takes.
    std::size_t send_some(std::string_view text) {
        const ssize_t size = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        return size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    void end_input() { ::shutdown(fd_.get(), SHUT_WR); }
    /// Everything there is to read; notes the end.
    void read() {
        char buffer[4096];
        for (;;) {
            const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
            if (size <= 0) {
                ended_ = ended_ || size == 0 || (errno != EAGAIN && errno != EINTR);
                return;
            }
            text_.append(buffer, static_cast<std::size_t>(size));
        }
    }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::ptrdiff_t lines() const {
        return std::count(text_.begin(), text_.end(), '\n');
    }

  private:
    FileDescriptor fd_;
    bool connected_ = false;
    bool ended_ = false;
    std::string text_;
};

class ControlServerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto server = listen();
        ASSERT_TRUE(server) << server.error();
        server_ = std::move(*server);
    }

    Checked<std::unique_ptr<ControlServer>> listen() {
        return ControlServer::listen(
            loop_, path_, {},
            [this](ClientId client, const control::Request& request) { handle(client, request); });
    }

    void handle(ClientId client, const control::Request& request) {
        last_client_ = client;
        ++requests_;
        if (std::holds_alternative<control::VersionRequest>(request)) {
            server_->reply(client, control::VersionReply{"1", "c0ffee"});
        }  // Others stay unanswered until the test does.
    }

    /// Runs the loop until `done`, or for two seconds.
    template <typename Condition>
    [[nodiscard]] bool until(Condition done) {
        for (int i = 0; i < 2000; ++i) {
            uv_run(loop_.raw(), UV_RUN_NOWAIT);
            if (done()) {
                return true;
            }
            ::usleep(1000);
        }
        return false;
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_.path() + "/run/q.sock";
    EventLoop loop_;
    std::unique_ptr<ControlServer> server_;
    ClientId last_client_ = 0;
    int requests_ = 0;
};

constexpr std::string_view kVersion = "{\"v\":1,\"request\":\"version\"}\n";
constexpr std::string_view kStatus = "{\"v\":1,\"request\":\"status\"}\n";

TEST_F(ControlServerTest, AnswersRequestsOneAfterAnother) {
    Client client(path_);
    client.send(std::string(kVersion) + std::string(kVersion));
    ASSERT_TRUE(until([&] {
        client.read();
        return client.lines() == 2;
    }));
    EXPECT_THAT(client.text(), HasSubstr("c0ffee"));
    EXPECT_FALSE(client.ended());
}

TEST_F(ControlServerTest, WaitsForTheAnswerBeforeTheNextRequest) {
    Client client(path_);
    client.send(std::string(kStatus) + std::string(kVersion));
    ASSERT_TRUE(until([&] { return requests_ == 1; }));
    for (int i = 0; i < 20; ++i) {
        uv_run(loop_.raw(), UV_RUN_NOWAIT);
    }
    EXPECT_EQ(requests_, 1);
    server_->reply(last_client_, control::StatusReply{});
    EXPECT_EQ(requests_, 2);
}

TEST_F(ControlServerTest, TakesARequestInPieces) {
    Client client(path_);
    for (const char c : kVersion) {
        client.send({&c, 1});
        uv_run(loop_.raw(), UV_RUN_NOWAIT);
    }
    EXPECT_TRUE(until([&] {
        client.read();
        return client.lines() == 1;
    }));
}

TEST_F(ControlServerTest, AnswersNonsenseAndGoesOn) {
    Client client(path_);
    client.send("nonsense\n" + std::string(kVersion));
    ASSERT_TRUE(until([&] {
        client.read();
        return client.lines() == 2;
    }));
    EXPECT_THAT(client.text(), HasSubstr("bad_request"));
    EXPECT_THAT(client.text(), HasSubstr("c0ffee"));
}

TEST_F(ControlServerTest, SurvivesThousandsOfRequestsInOneBuffer) {
    Client client(path_);
    const std::string flood(60'000, '\n');
    std::size_t sent = client.send_some(flood);
    ASSERT_TRUE(until([&] {
        client.read();
        return client.lines() == static_cast<std::ptrdiff_t>(sent) || client.ended();
    }));
    EXPECT_FALSE(client.ended());
}

TEST_F(ControlServerTest, RefusesALineThatNeverEnds) {
    Client client(path_);
    const std::string flood(8192, 'x');
    ASSERT_TRUE(until([&] {
        client.send_some(flood);
        client.read();
        return client.lines() == 1 && client.ended();
    }));
    EXPECT_THAT(client.text(), HasSubstr("longer than 65536 bytes"));
    EXPECT_EQ(requests_, 0);
}

TEST_F(ControlServerTest, AnswersAClientThatHasShutItsWriteSide) {
    Client client(path_);
    client.send(kStatus);
    client.end_input();
    ASSERT_TRUE(until([&] { return requests_ == 1; }));
    uv_run(loop_.raw(), UV_RUN_NOWAIT);
    server_->reply(last_client_, control::VersionReply{"late", ""});
    ASSERT_TRUE(until([&] {
        client.read();
        return client.ended();
    }));
    EXPECT_THAT(client.text(), HasSubstr("late"));
}

TEST_F(ControlServerTest, SendsAllOfALargeAnswerToAClientThatHasShutItsWriteSide) {
    Client client(path_);
    client.send(kStatus);
    client.end_input();
    ASSERT_TRUE(until([&] { return requests_ == 1; }));
    control::RoutesReply routes;
    routes.routes.resize(20'000);
    server_->reply(last_client_, routes);
    ASSERT_TRUE(until([&] {
        client.read();
        return client.ended();
    }));
    EXPECT_EQ(client.lines(), 1);
    EXPECT_EQ(client.text().size(), control::encode_reply(routes).size() + 1);
}

TEST_F(ControlServerTest, EndsAStreamAfterWhatWasSent) {
    Client client(path_);
    client.send("{\"v\":1,\"request\":\"logs\",\"lines\":3,\"follow\":false}\n");
    ASSERT_TRUE(until([&] { return requests_ == 1; }));
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(server_->send(last_client_, control::LogLine{"t", "info", "m", "x"}));
    }
    server_->close(last_client_);
    ASSERT_TRUE(until([&] {
        client.read();
        return client.ended();
    }));
    EXPECT_EQ(client.lines(), 3);
}

TEST_F(ControlServerTest, DropsAFollowerThatDoesNotRead) {
    Client client(path_);
    client.send(kStatus);
    ASSERT_TRUE(until([&] { return requests_ == 1; }));
    const control::LogLine line{"t", "info", "m", std::string(64 * 1024, 'x')};
    int sent = 0;
    while (server_->send(last_client_, line) && sent < 1000) {
        ++sent;
    }
    EXPECT_LT(sent, 100) << "unsent output must be bounded";
    EXPECT_TRUE(until([&] { return server_->client_count() == 0; }));
}

TEST_F(ControlServerTest, ForgetsClientsThatLeave) {
    {
        Client client(path_);
        client.send(kStatus);
        ASSERT_TRUE(until([&] { return requests_ == 1; }));
    }
    EXPECT_TRUE(until([&] { return server_->client_count() == 0; }));
    server_->reply(last_client_, control::StatusReply{});  // Nobody there: nothing happens.
}

TEST_F(ControlServerTest, BoundsTheNumberOfClients) {
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < ControlServer::kClientsMax; ++i) {
        clients.push_back(std::make_unique<Client>(path_));
        uv_run(loop_.raw(), UV_RUN_NOWAIT);
    }
    ASSERT_TRUE(until([&] { return server_->client_count() == ControlServer::kClientsMax; }));
    Client one_more(path_);
    ASSERT_TRUE(until([&] {
        one_more.read();
        return one_more.ended();
    }));
    EXPECT_THAT(one_more.text(), HasSubstr("try again later"));
    clients.clear();
    Client later(path_);
    later.send(kVersion);
    EXPECT_TRUE(until([&] {
        later.read();
        return later.lines() == 1;
    }));
}

TEST_F(ControlServerTest, RefusesAPathWhereADaemonListens) {
    const auto second = listen();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(), HasSubstr("a quicether daemon is already running"));
    EXPECT_TRUE(Client(path_).connected());
}

TEST_F(ControlServerTest, ReplacesTheSocketOfACrash) {
    const std::string aside = path_ + ".aside";
    ASSERT_EQ(::rename(path_.c_str(), aside.c_str()), 0);
    server_.reset();  // Its socket stays behind under the other name.
    ASSERT_EQ(::rename(aside.c_str(), path_.c_str()), 0);
    EXPECT_FALSE(Client(path_).connected());
    auto again = listen();
    ASSERT_TRUE(again) << again.error();
    EXPECT_TRUE(Client(path_).connected());
}

TEST_F(ControlServerTest, RefusesToReplaceWhatIsNoSocket) {
    server_.reset();
    std::ofstream(path_) << "precious";
    const auto refused = listen();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), HasSubstr("not a socket"));
    EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ControlServerTest, RemovesItsSocketAndNobodyElses) {
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0007, 0U) << "others are kept out";
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(MayControl, AdmitsRootOurselvesAndTheGroup) {
    const PeerCredentials stranger{1000, {1000, 27}};
    EXPECT_TRUE(may_control({0, {}}, 500, {}));
    EXPECT_TRUE(may_control({500, {500}}, 500, {}));
    EXPECT_FALSE(may_control(stranger, 500, {}));
    EXPECT_FALSE(may_control(stranger, 500, 999));
    EXPECT_TRUE(may_control(stranger, 500, 27));
}

}  // namespace
}  // namespace qe::host
