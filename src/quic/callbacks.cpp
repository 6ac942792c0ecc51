// SPDX-License-Identifier: Apache-2.0
#include "quic/callbacks.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/err.h>

#include "quic/connection.h"
#include "quic/sockaddr.h"

namespace qe::quic {

struct Callbacks {
    static constexpr int kOk = 0;
    static constexpr int kFail = NGTCP2_ERR_CALLBACK_FAILURE;

    static Connection& self(void* user_data) noexcept {
        return *static_cast<Connection*>(user_data);
    }

    // --- Randomness and TLS --------------------------------------------------------------------
    static void fill_random(std::uint8_t* out, std::size_t size,
                            const ngtcp2_rand_ctx* context) noexcept {
        static_cast<base::Rng*>(context->native_handle)
            ->fill(std::as_writable_bytes(std::span(out, size)));
    }

    static int path_challenge(ngtcp2_conn* /*conn*/, ngtcp2_path_challenge_data* data,
                              void* user_data) noexcept {
        self(user_data).context_.rng.fill(std::as_writable_bytes(std::span(data->data)));
        return kOk;
    }

    static int crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level, std::uint64_t offset,
                           const std::uint8_t* data, std::size_t size, void* user_data) noexcept {
        // An error that another connection left in the thread's queue would be taken for ours.
        ERR_clear_error();
        const int status =
            ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, size, user_data);
        self(user_data).token_news_ |= self(user_data).tls_->has_ticket();
        return status;
    }

    static int handshake_completed(ngtcp2_conn* /*conn*/, void* user_data) noexcept {
        return self(user_data).on_handshake_completed() ? kOk : kFail;
    }

    static int handshake_confirmed(ngtcp2_conn* /*conn*/, void* user_data) noexcept {
        self(user_data).confirmed_ = true;
        return kOk;
    }

    static int update_key(ngtcp2_conn* conn, std::uint8_t* rx_secret, std::uint8_t* tx_secret,
                          ngtcp2_crypto_aead_ctx* rx_aead, std::uint8_t* rx_iv,
                          ngtcp2_crypto_aead_ctx* tx_aead, std::uint8_t* tx_iv,
                          const std::uint8_t* current_rx, const std::uint8_t* current_tx,
                          std::size_t size, void* user_data) noexcept {
        // ngtcp2 prepares the next generation ahead: the first call is not an update yet.
        if (self(user_data).key_generations_++ > 0) {
            ++self(user_data).context_.counters.key_updates;
        }
        return ngtcp2_crypto_update_key_cb(conn, rx_secret, tx_secret, rx_aead, rx_iv, tx_aead,
                                           tx_iv, current_rx, current_tx, size, user_data);
    }

    // --- Connection ids and paths --------------------------------------------------------------
    static int new_connection_id(ngtcp2_conn* /*conn*/, ngtcp2_cid* id,
                                 ngtcp2_stateless_reset_token* token, std::size_t /*size*/,
                                 void* user_data) noexcept {
        Connection& connection = self(user_data);
        *id = connection.context_.cids.make_unused_id(connection.context_.rng);
        const auto derived = connection.context_.tokens.reset_token(*id);
        if (!derived || !connection.register_id(*id)) {
            return kFail;
        }
        *token = *derived;
        return kOk;
    }

    static int remove_connection_id(ngtcp2_conn* /*conn*/, const ngtcp2_cid* id,
                                    void* user_data) noexcept {
        self(user_data).unregister_id(*id);
        return kOk;
    }

    static int peer_id_status(ngtcp2_conn* /*conn*/, ngtcp2_connection_id_status_type type,
                              std::uint64_t /*sequence*/, const ngtcp2_cid* /*id*/,
                              const ngtcp2_stateless_reset_token* token, void* user_data) noexcept {
        if (token == nullptr) {
            return kOk;
        }
        Connection& connection = self(user_data);
        const base::ByteView bytes = std::as_bytes(std::span(token->data));
        if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) {
            connection.context_.cids.insert_reset_token(bytes, connection.handle_);
            connection.reset_tokens_.emplace_back(bytes);
        } else {
            connection.context_.cids.erase_reset_token(bytes);
            std::erase(connection.reset_tokens_, IdKey(bytes));
        }
        return kOk;
    }

    static int begin_path_validation(ngtcp2_conn* /*conn*/, std::uint32_t /*flags*/,
                                     const ngtcp2_path* path, const ngtcp2_path* /*fallback*/,
                                     void* user_data) noexcept {
        self(user_data).unproven_flow_ = flow_of(*path);
        return kOk;
    }

    static int path_validation(ngtcp2_conn* /*conn*/, std::uint32_t /*flags*/,
                               const ngtcp2_path* path, const ngtcp2_path* /*fallback*/,
                               ngtcp2_path_validation_result result, void* user_data) noexcept {
        Connection& connection = self(user_data);
        if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS &&
            connection.unproven_flow_ == flow_of(*path)) {
            connection.unproven_flow_.reset();
        }
        return kOk;
    }

    static int stateless_reset(ngtcp2_conn* /*conn*/, const ngtcp2_pkt_stateless_reset2* /*reset*/,
                               void* user_data) noexcept {
        self(user_data).reset_received_ = true;
        return kOk;
    }

    static int new_token(ngtcp2_conn* /*conn*/, const std::uint8_t* token, std::size_t size,
                         void* user_data) noexcept {
        // ngtcp2 bounds a token by the packet it came in; ours are far smaller.
        constexpr std::size_t kTokenBytesMax = 512;
        if (size <= kTokenBytesMax) {
            const base::ByteView bytes = base::from_u8(token, size);
            self(user_data).address_token_.assign(bytes.begin(), bytes.end());
            self(user_data).token_news_ = self(user_data).established_;
        }
        return kOk;
    }

    // --- Data ----------------------------------------------------------------------------------
    static int datagram(ngtcp2_conn* /*conn*/, std::uint32_t flags, const std::uint8_t* data,
                        std::size_t size, void* user_data) noexcept {
        Connection& connection = self(user_data);
        const bool early = (flags & NGTCP2_DATAGRAM_FLAG_0RTT) != 0;
        if (size > 0 &&
            !connection.context_.arena.push(connection.handle_, base::from_u8(data, size), early)) {
            ++connection.context_.counters.receive_arena_drops;
        }
        return kOk;
    }

    static int datagram_acked(ngtcp2_conn* /*conn*/, std::uint64_t id, void* user_data) noexcept {
        self(user_data).on_datagram_fate(id, false);
        return kOk;
    }

    static int datagram_lost(ngtcp2_conn* /*conn*/, std::uint64_t id, void* user_data) noexcept {
        self(user_data).on_datagram_fate(id, true);
        return kOk;
    }

    static int stream_data(ngtcp2_conn* /*conn*/, std::uint32_t flags, std::int64_t id,
                           std::uint64_t /*offset*/, const std::uint8_t* data, std::size_t size,
                           void* user_data, void* /*stream_user_data*/) noexcept {
        Connection& connection = self(user_data);
        Stream& stream = connection.streams_.open(id);
        const base::ByteView bytes = base::from_u8(data, size);
        stream.received.insert(stream.received.end(), bytes.begin(), bytes.end());
        stream.received_fin |= (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
        connection.streams_.mark_news(id, stream);
        return kOk;
    }

    static int stream_acked(ngtcp2_conn* /*conn*/, std::int64_t id, std::uint64_t /*offset*/,
                            std::uint64_t size, void* user_data,
                            void* /*stream_user_data*/) noexcept {
        if (Stream* const stream = self(user_data).streams_.find(id)) {
            stream->sender.on_acknowledged(static_cast<std::size_t>(size));
        }
        return kOk;
    }

    static int stream_reset(ngtcp2_conn* /*conn*/, std::int64_t id, std::uint64_t /*final_size*/,
                            std::uint64_t /*error*/, void* user_data,
                            void* /*stream_user_data*/) noexcept {
        Connection& connection = self(user_data);
        Stream& stream = connection.streams_.open(id);
        stream.received_reset = true;
        connection.streams_.mark_news(id, stream);
        return kOk;
    }

    static int stream_close(ngtcp2_conn* conn, std::uint32_t /*flags*/, std::int64_t id,
                            std::uint64_t /*error*/, void* user_data,
                            void* /*stream_user_data*/) noexcept {
        self(user_data).streams_.on_closed(id);
        if (ngtcp2_conn_is_local_stream2(conn, id) == 0) {
            ngtcp2_conn_extend_max_streams_bidi(conn, 1);
        }
        return kOk;
    }

    static int stream_credit(ngtcp2_conn* /*conn*/, std::int64_t id, std::uint64_t /*max_data*/,
                             void* user_data, void* /*stream_user_data*/) noexcept {
        Connection& connection = self(user_data);
        if (Stream* const stream = connection.streams_.find(id)) {
            stream->blocked = false;
            connection.streams_.update_sendable(id, *stream);
        }
        return kOk;
    }

    static ngtcp2_callbacks make_common() noexcept {
        ngtcp2_callbacks table{};
        table.recv_crypto_data = &crypto_data;
        table.handshake_completed = &handshake_completed;
        table.handshake_confirmed = &handshake_confirmed;
        table.encrypt = &ngtcp2_crypto_encrypt_cb;
        table.decrypt = &ngtcp2_crypto_decrypt_cb;
        table.hp_mask = &ngtcp2_crypto_hp_mask_cb;
        table.update_key = &update_key;
        table.delete_crypto_aead_ctx = &ngtcp2_crypto_delete_crypto_aead_ctx_cb;
        table.delete_crypto_cipher_ctx = &ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
        table.version_negotiation = &ngtcp2_crypto_version_negotiation_cb;
        table.rand = &fill_random;
        table.get_path_challenge_data2 = &path_challenge;
        table.get_new_connection_id2 = &new_connection_id;
        table.remove_connection_id = &remove_connection_id;
        table.dcid_status2 = &peer_id_status;
        table.begin_path_validation = &begin_path_validation;
        table.path_validation = &path_validation;
        table.recv_stateless_reset2 = &stateless_reset;
        table.recv_datagram = &datagram;
        table.ack_datagram = &datagram_acked;
        table.lost_datagram = &datagram_lost;
        table.recv_stream_data = &stream_data;
        table.acked_stream_data_offset = &stream_acked;
        table.stream_reset = &stream_reset;
        table.stream_close = &stream_close;
        table.extend_max_stream_data = &stream_credit;
        return table;
    }
};

const ngtcp2_callbacks& client_callbacks() noexcept {
    static const ngtcp2_callbacks table = [] {
        ngtcp2_callbacks t = Callbacks::make_common();
        t.client_initial = &ngtcp2_crypto_client_initial_cb;
        t.recv_retry = &ngtcp2_crypto_recv_retry_cb;
        t.recv_new_token = &Callbacks::new_token;
        return t;
    }();
    return table;
}

const ngtcp2_callbacks& server_callbacks() noexcept {
    static const ngtcp2_callbacks table = [] {
        ngtcp2_callbacks t = Callbacks::make_common();
        t.recv_client_initial = &ngtcp2_crypto_recv_client_initial_cb;
        return t;
    }();
    return table;
}

}  // namespace qe::quic
