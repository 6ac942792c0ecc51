// SPDX-License-Identifier: Apache-2.0
//
// `quicether invite`: a token for those who shall join, as text and as a QR code.
#include <memory>

#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "app/qr_code.h"
#include "app/render_network.h"
#include "app/units.h"
#include "app/values.h"

namespace qe::app {
namespace {

struct InviteOptions {
    control::InviteRequest request;
    std::string lifetime = "24h";
    bool qr = false;
};

ExitCode run_invite(Console& console, const CommonOptions& common, InviteOptions options) {
    options.request.lifetime_s = parse_span(options.lifetime).value_or(0);  // validated
    const auto reply = ask_daemon<control::InviteReply>(common, options.request);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
        return ExitCode::Ok;
    }
    console.print(render_invite(*reply));
    if (options.qr) {
        const auto code = qr_code_text(reply->token);
        if (!code) {
            return console.fail({ExitCode::Failure, control::ErrorKind::Failed, {code.error()}});
        }
        console.print(*code);
    }
    return ExitCode::Ok;
}

}  // namespace

void add_invite(Commands& commands) {
    CLI::App& verb =
        commands.add("invite", "Make a token with which a node joins the network", Needs::Daemon);
    const auto options = std::make_shared<InviteOptions>();
    control::InviteRequest& request = options->request;
    verb.add_option("--expires", options->lifetime, "For how long: 30m, 24h, 7d")
        ->type_name("TIME")
        ->take_last()
        ->check(span_value(60, 365L * 86'400))
        ->capture_default_str();
    verb.add_option("--uses", request.uses, "How many nodes may join with it")
        ->type_name("N")
        ->take_last()
        ->check(whole_number(1, 10'000))
        ->capture_default_str();
    verb.add_option("--role", request.role, "full, light, gateway or bootstrap")
        ->type_name("ROLE")
        ->take_last()
        ->capture_default_str();
    verb.add_option("--name", request.name, "Of the node that joins; else it says")
        ->type_name("NAME")
        ->take_last();
    verb.add_option("--tag", request.tags, "For policies; may be repeated")->type_name("TAG");
    verb.add_option("--subnet", request.subnets, "What it may advertise; may be repeated")
        ->type_name("PREFIX");
    verb.add_flag("--qr", options->qr, "Also as a QR code");
    commands.on_chosen(verb, [options](Console& console, const CommonOptions& common) {
        return run_invite(console, common, *options);
    });
}

}  // namespace qe::app
