// SPDX-License-Identifier: Apache-2.0
//
// Boost.Asio runs one operation at a time here: start it, run the context until it is done or the
// deadline has come. An operation that is late is abandoned together with its connection.
#include "quicether/host/control_client.h"

#include <utility>  // before Asio: Boost 1.74's awaitable.hpp forgets it

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/core.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "host/file_descriptor.h"
#include "quicether/control/json.h"

namespace qe::host {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::local::stream_protocol;
using Clock = std::chrono::steady_clock;

ClientError not_running(const std::string& path) {
    return {ClientErrorKind::NotRunning,
            fmt::format("the daemon is not running (nothing answers at {}); "
                        "start it with \"quicether start\"",
                        path)};
}

ClientError denied(const std::string& path) {
    return {ClientErrorKind::Denied,
            fmt::format("no permission to use {}; run this as root or as a member of the group "
                        "quicether",
                        path)};
}

ClientError late(const std::string& path, base::Duration limit) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(limit);
    return {ClientErrorKind::Timeout,
            fmt::format("the daemon at {} did not answer within {} s; it may be overloaded or "
                        "halted, see its log",
                        path, whole.count())};
}

ClientError broken(const std::string& path, std::string_view what) {
    return {ClientErrorKind::Failed, fmt::format("the daemon at {} {}; see its log", path, what)};
}

ClientError from_connect(const std::string& path, const error_code& error) {
    switch (error.value()) {
        case ENOENT:
        case ENOTDIR:
        case ECONNREFUSED:
            return not_running(path);
        case EACCES:
        case EPERM:
            return denied(path);
        default:
            return {ClientErrorKind::Failed,
                    fmt::format("cannot connect to {}: {}; check --socket", path, error.message())};
    }
}

/// One connection, driven step by step against one deadline.
class Connection {
  public:
    Connection(std::string path, base::Duration limit)
        : path_(std::move(path)), limit_(limit), deadline_(Clock::now() + limit) {}

    ClientResult<void> connect() {
        if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
            return tl::unexpected(ClientError{
                ClientErrorKind::Failed,
                fmt::format("the socket path {} is longer than the {} bytes a Unix socket may "
                            "have; use a shorter --socket",
                            path_, sizeof(sockaddr_un::sun_path) - 1)});
        }
        error_code error = try_connect();
        // A full backlog answers EAGAIN at once instead of making us wait (unix(7)).
        while (error == asio::error::would_block && Clock::now() < deadline_) {
            asio::steady_timer(context_, std::chrono::milliseconds(20)).wait();
            error = try_connect();
        }
        if (error == asio::error::would_block || error == asio::error::timed_out) {
            return tl::unexpected(late(path_, limit_));
        }
        if (error) {
            return tl::unexpected(from_connect(path_, error));
        }
        return {};
    }

    /// A peer that refuses us answers and closes without reading, so a failed write is no verdict
    /// yet: the reply that may be waiting is.
    void send(const control::Request& request) {
        const std::string line = control::encode_request(request) + "\n";
        asio::async_write(socket_, asio::buffer(line), [](const error_code&, std::size_t) {});
        run();
    }

    /// The next line's reply, or nothing at the end of the sequence.
    ClientResult<std::optional<control::Reply>> receive() {
        error_code error = asio::error::timed_out;
        std::size_t size = 0;
        asio::async_read_until(socket_, asio::dynamic_buffer(input_, control::kReplyBytesMax), '\n',
                               [&](const error_code& result, std::size_t line_size) {
                                   error = result;
                                   size = line_size;
                               });
        if (!run()) {
            return tl::unexpected(late(path_, limit_));
        }
        if (error == asio::error::not_found) {
            return tl::unexpected(broken(path_, "sent an answer without an end"));
        }
        if (error) {
            return std::nullopt;
        }
        auto reply = control::parse_reply(std::string_view(input_).substr(0, size));
        input_.erase(0, size);
        if (!reply) {
            return tl::unexpected(broken(
                path_, fmt::format("sent an answer we cannot read ({})", reply.error().text)));
        }
        return std::move(*reply);
    }

    void restart_limit() { deadline_ = Clock::now() + limit_; }
    void drop_limit() { for_ever_ = true; }

    /// The daemon's process, or an empty descriptor where the kernel cannot tell.
    FileDescriptor process() {
        ucred peer{};
        socklen_t size = sizeof(peer);
        if (getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
            peer.pid <= 0) {
            return FileDescriptor();
        }
        return FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
    }

    const std::string& path() const { return path_; }

  private:
    error_code try_connect() {
        error_code error = asio::error::timed_out;
        socket_ = Protocol::socket(context_);
        socket_.async_connect(Protocol::endpoint(path_),
                              [&](const error_code& result) { error = result; });
        run();
        // Asio 1.74 takes the EAGAIN of a Unix socket for "under way" and then for success.
        if (error_code peer; !error && (socket_.remote_endpoint(peer), peer)) {
            return asio::error::would_block;
        }
        return error;
    }

    /// Runs the operation in flight; false: it was late and has been cancelled.
    bool run() {
        context_.restart();
        if (for_ever_) {
            context_.run();
            return true;
        }
        context_.run_until(deadline_);
        if (context_.stopped()) {
            return true;
        }
        error_code ignored;
        socket_.close(ignored);
        context_.run();
        return false;
    }

    std::string path_;
    base::Duration limit_;
    Clock::time_point deadline_;
    bool for_ever_ = false;
    asio::io_context context_{1};
    Protocol::socket socket_{context_};
    std::string input_;
};

/// The one reply to a request that has been sent.
ClientResult<control::Reply> receive_one(Connection& connection) {
    auto reply = connection.receive();
    if (!reply) {
        return tl::unexpected(std::move(reply.error()));
    }
    if (!*reply) {
        return tl::unexpected(broken(connection.path(), "closed the connection unanswered"));
    }
    return std::move(**reply);
}

/// Asio may still throw where it has no descriptor or memory left; nothing of ours does.
template <typename T, typename Body>
ClientResult<T> without_exceptions(const std::string& path, const Body& body) {
    try {
        return body();
    } catch (const std::exception& problem) {
        return tl::unexpected(
            ClientError{ClientErrorKind::Failed,
                        fmt::format("cannot talk to the daemon at {}: {}", path, problem.what())});
    }
}

ClientResult<void> pass_on(Connection& connection, const OnReply& on_reply) {
    for (;;) {
        connection.restart_limit();
        auto reply = connection.receive();
        if (!reply) {
            return tl::unexpected(std::move(reply.error()));
        }
        if (!*reply || !on_reply(**reply)) {
            return {};
        }
    }
}

/// True once the process behind `process`, or failing that the socket at `path`, is gone.
bool wait_until_gone(const FileDescriptor& process, const std::string& path,
                     Clock::time_point deadline) {
    const auto left = [&] {
        const auto ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        return static_cast<int>(std::max<std::int64_t>(ms.count(), 0));
    };
    if (process.valid()) {
        pollfd ready{process.get(), POLLIN, 0};
        int count = 0;
        while ((count = poll(&ready, 1, left())) < 0 && errno == EINTR) {
        }
        return count > 0;
    }
    while (left() > 0) {
        const auto connected = Connection(path, std::chrono::seconds(1)).connect();
        if (!connected && connected.error().kind == ClientErrorKind::NotRunning) {
            return true;
        }
        poll(nullptr, 0, 50);
    }
    return false;
}

}  // namespace

ClientResult<control::Reply> ask(const std::string& socket_path, const control::Request& request,
                                 base::Duration limit) {
    return without_exceptions<control::Reply>(socket_path, [&]() -> ClientResult<control::Reply> {
        Connection connection(socket_path, limit);
        if (auto connected = connection.connect(); !connected) {
            return tl::unexpected(std::move(connected.error()));
        }
        connection.send(request);
        return receive_one(connection);
    });
}

ClientResult<void> follow(const std::string& socket_path, const control::LogsRequest& request,
                          base::Duration limit, const OnReply& on_reply) {
    return without_exceptions<void>(socket_path, [&]() -> ClientResult<void> {
        Connection connection(socket_path, limit);
        if (auto connected = connection.connect(); !connected) {
            return connected;
        }
        connection.send(request);
        if (request.follow) {
            connection.drop_limit();
        }
        return pass_on(connection, on_reply);
    });
}

ClientResult<control::Reply> stop_and_wait(const std::string& socket_path, base::Duration limit) {
    return without_exceptions<control::Reply>(socket_path, [&]() -> ClientResult<control::Reply> {
        const auto deadline = Clock::now() + limit;
        Connection connection(socket_path, limit);
        if (auto connected = connection.connect(); !connected) {
            return tl::unexpected(std::move(connected.error()));
        }
        const FileDescriptor process = connection.process();
        connection.send(control::StopRequest{});
        auto reply = receive_one(connection);
        if (reply && std::holds_alternative<control::StopReply>(*reply) &&
            !wait_until_gone(process, socket_path, deadline)) {
            return tl::unexpected(ClientError{
                ClientErrorKind::Timeout,
                fmt::format("the daemon at {} agreed to stop but is still there after {} s; "
                            "see its log",
                            socket_path,
                            std::chrono::duration_cast<std::chrono::seconds>(limit).count())});
        }
        return reply;
    });
}

}  // namespace qe::host
