// SPDX-License-Identifier: Apache-2.0
#include "host/shell_counters.h"

namespace qe::host {

void append_counters(const UdpCounters& udp, const TunCounters& tun,
                     std::vector<control::Counter>& out) {
    out.push_back({"udp_received_batches", udp.received_batches});
    out.push_back({"udp_received_bytes", udp.received_bytes});
    out.push_back({"udp_received_unusable", udp.received_unusable});
    out.push_back({"udp_kernel_drops", udp.kernel_drops});
    out.push_back({"udp_sent_calls", udp.sent_calls});
    out.push_back({"udp_sent_bytes", udp.sent_bytes});
    out.push_back({"udp_send_too_big", udp.send_too_big});
    out.push_back({"udp_send_unreachable", udp.send_unreachable});
    out.push_back({"udp_send_refused", udp.send_refused});
    out.push_back({"udp_send_no_buffer", udp.send_no_buffer});
    out.push_back({"udp_send_failed", udp.send_failed});
    out.push_back({"udp_send_blocked", udp.send_blocked});
    out.push_back({"tun_read_packets", tun.read_packets});
    out.push_back({"tun_read_super_packets", tun.read_super_packets});
    out.push_back({"tun_read_bytes", tun.read_bytes});
    out.push_back({"tun_read_unusable", tun.read_unusable});
    out.push_back({"tun_written_packets", tun.written_packets});
    out.push_back({"tun_written_super_packets", tun.written_super_packets});
    out.push_back({"tun_written_bytes", tun.written_bytes});
    out.push_back({"tun_write_dropped", tun.write_dropped});
    out.push_back({"tun_write_refused", tun.write_refused});
}

}  // namespace qe::host
