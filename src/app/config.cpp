// SPDX-License-Identifier: Apache-2.0
//
// `quicether config validate | show | set`
#include <filesystem>

#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "app/config_file.h"
#include "quicether/config/edit.h"
#include "quicether/host/text_file.h"

namespace qe::app {
namespace {

Failure no_config_file() {
    return {ExitCode::Failure,
            control::ErrorKind::BadConfig,
            {fmt::format("there is no configuration file, neither {} nor "
                         "~/.config/quicether/config.toml; name one",
                         kSystemConfigPath)}};
}

/// A file that must be there, whether named or found.
tl::expected<ConfigText, Failure> require_config(const std::string& file) {
    auto text = read_config(if_given(file));
    if (text && text->path.empty()) {
        return tl::unexpected(no_config_file());
    }
    return text;
}

control::ConfigCheckDocument check_document(const std::string& path,
                                            const config::Checked<config::Config>& checked) {
    control::ConfigCheckDocument document{path, checked.has_value(), {}, {}};
    if (checked) {
        document.notes = config::unsupported_notes(*checked);
        return document;
    }
    for (const config::Diagnostic& problem : checked.error()) {
        document.problems.push_back({problem.file, problem.line, problem.key, problem.message});
    }
    return document;
}

ExitCode run_validate(Console& console, const std::string& file) {
    const auto text = require_config(file);
    if (!text) {
        return console.fail(text.error());
    }
    const auto checked = config::parse(text->text, text->path);
    const control::ConfigCheckDocument document = check_document(text->path, checked);
    for (const std::string& note : document.notes) {
        console.warn(note);
    }
    if (!checked) {
        console.explain(to_failure(checked.error()));
    }
    if (console.json()) {
        console.print(control::Document(document));
    } else if (checked) {
        console.print(fmt::format("{} is valid\n", text->path));
    }
    return checked ? ExitCode::Ok : ExitCode::Failure;
}

/// What the running daemon uses.
ExitCode show_running(Console& console, const CommonOptions& common) {
    auto running = ask_daemon<control::ConfigReply>(common, control::ConfigRequest{});
    if (!running) {
        Failure failure = running.error();
        if (failure.code == ExitCode::NotRunning) {
            failure.sentences.front() += ", or name a file to show";
        }
        return console.fail(failure);
    }
    if (console.json()) {
        console.print(control::Reply(*running));
    } else {
        console.print(running->toml);
    }
    return ExitCode::Ok;
}

ExitCode run_show(Console& console, const CommonOptions& common, const std::string& file) {
    if (file.empty()) {
        return show_running(console, common);
    }
    const auto text = require_config(file);
    if (!text) {
        return console.fail(text.error());
    }
    const auto checked = config::parse(text->text, text->path);
    if (!checked) {
        return console.fail(to_failure(checked.error()));
    }
    const std::string toml = config::to_toml(*checked);
    if (console.json()) {
        console.print(control::Reply(control::ConfigReply{toml}));
    } else {
        console.print(toml);
    }
    return ExitCode::Ok;
}

/// A file that need not be there yet.
tl::expected<ConfigText, Failure> read_or_begin(const std::string& file) {
    std::error_code ignored;
    if (!file.empty() && !std::filesystem::exists(file, ignored)) {
        return ConfigText{absolute_path(file), ""};
    }
    auto text = read_config(if_given(file));
    if (text && text->path.empty()) {
        text->path = kSystemConfigPath;
    }
    return text;
}

struct SetOptions {
    std::string key;
    std::string value;
    std::string file;
};

ExitCode run_set(Console& console, const SetOptions& options) {
    const auto text = read_or_begin(options.file);
    if (!text) {
        return console.fail(text.error());
    }
    const auto edited = config::set_value(text->text, text->path, options.key, options.value);
    if (!edited) {
        return console.fail(to_failure(edited.error()));
    }
    if (const auto written = host::replace_text_file(text->path, *edited); !written) {
        return console.fail({ExitCode::Failure,
                             control::ErrorKind::Failed,
                             {"configuration file " + written.error() + "; run this as root"}});
    }
    if (console.json()) {
        console.print(
            control::Document(control::ConfigSetDocument{text->path, options.key, options.value}));
    } else {
        console.print(fmt::format("{} is set in {}; \"quicether reload\" applies it\n", options.key,
                                  text->path));
    }
    return ExitCode::Ok;
}

void add_validate(Commands& commands, CLI::App& group) {
    CLI::App& verb = commands.add(group, "validate", "Check a configuration file", Needs::Nothing);
    const auto file = std::make_shared<std::string>();
    verb.add_option("FILE", *file, "Default: the file that \"start\" would use")->type_name("");
    commands.on_chosen(verb, [file](Console& console, const CommonOptions& /*common*/) {
        return run_validate(console, *file);
    });
}

void add_show(Commands& commands, CLI::App& group) {
    CLI::App& verb = commands.add(group, "show", "Every setting in effect, as TOML", Needs::Daemon);
    const auto file = std::make_shared<std::string>();
    verb.add_option("FILE", *file, "Default: what the running daemon uses")->type_name("");
    commands.on_chosen(verb, [file](Console& console, const CommonOptions& common) {
        return run_show(console, common, *file);
    });
}

void add_set(Commands& commands, CLI::App& group) {
    CLI::App& verb = commands.add(group, "set", "Change one setting in a file", Needs::Nothing);
    const auto options = std::make_shared<SetOptions>();
    verb.add_option("KEY", options->key, "Such as network.mtu")->type_name("")->required();
    verb.add_option("VALUE", options->value, "A TOML value, or bare words")
        ->type_name("")
        ->required();
    verb.add_option("--config", options->file, "Default: the file that \"start\" would use")
        ->type_name("FILE")
        ->take_last();
    commands.on_chosen(verb, [options](Console& console, const CommonOptions& /*common*/) {
        return run_set(console, *options);
    });
}

}  // namespace

void add_config(Commands& commands) {
    CLI::App& group = commands.add("config", "Check, show and change settings", Needs::Nothing);
    add_validate(commands, group);
    add_show(commands, group);
    add_set(commands, group);
}

}  // namespace qe::app
