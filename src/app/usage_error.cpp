// SPDX-License-Identifier: Apache-2.0
#include "app/usage_error.h"

#include <fmt/core.h>

#include "app/nearest.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

using config::printable;

/// "quicether config set"
std::string full_name(const CLI::App& app) {
    const CLI::App* const parent = app.get_parent();
    return parent == nullptr ? "quicether" : full_name(*parent) + " " + app.get_name();
}

std::string see_help(const CLI::App& app) {
    return fmt::format("see \"{} --help\"", full_name(app));
}

std::vector<std::string> verbs_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(verb->get_name());
    }
    return names;
}

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            flags.push_back("--" + name);
        }
    }
    return flags;
}

/// "config set"; empty for the root, which sentences after "quicether: " need not name again.
std::string subject(const CLI::App& app) {
    const CLI::App* const parent = app.get_parent();
    if (parent == nullptr) {
        return "";
    }
    const std::string before = subject(*parent);
    return before.empty() ? app.get_name() : before + " " + app.get_name();
}

/// "config has no command \"shwo\"", "there is no command \"statsu\""
std::string has_no(const CLI::App& app, std::string_view what) {
    const std::string owner = subject(app);
    return owner.empty() ? fmt::format("there is no {}", what)
                         : fmt::format("{} has no {}", owner, what);
}

std::string meant_or_help(const CLI::App& app, const std::string& meant) {
    return meant.empty() ? see_help(app) : fmt::format("did you mean {}?", meant);
}

std::string explain_flag(const CLI::App& app, const std::string& word) {
    // "--mut=1300" is about "--mut".
    const std::string flag = word.substr(0, word.find('='));
    return fmt::format("{}; {}", has_no(app, "option " + printable(flag)),
                       meant_or_help(app, nearest(flag, flags_of(app))));
}

std::string explain_word(const CLI::App& app, const std::string& word) {
    const std::vector<std::string> verbs = verbs_of(app);
    if (verbs.empty()) {
        return fmt::format("{} does not know what to do with \"{}\"; {}", subject(app),
                           printable(word), see_help(app));
    }
    const std::string meant = nearest(word, verbs);
    return fmt::format("{}; {}", has_no(app, "command \"" + printable(word) + "\""),
                       meant_or_help(app, meant.empty() ? meant : '"' + meant + '"'));
}

}  // namespace

const CLI::App& innermost(const CLI::App& root) {
    const auto verbs = root.get_subcommands();
    return verbs.empty() ? root : innermost(*verbs.front());
}

std::string explain_leftover(const CLI::App& root) {
    const std::vector<std::string> words = root.remaining();
    if (!words.empty()) {
        const std::string& word = words.front();
        return word.starts_with('-') ? explain_flag(root, word) : explain_word(root, word);
    }
    const auto verbs = root.get_subcommands();
    return verbs.empty() ? std::string() : explain_leftover(*verbs.front());
}

std::string explain_missing_verb(const CLI::App& app) {
    std::string verbs;
    for (const std::string& verb : verbs_of(app)) {
        verbs += (verbs.empty() ? "" : ", ") + verb;
    }
    const std::string owner = subject(app);
    return fmt::format("{}a command is missing: {}; {}", owner.empty() ? owner : owner + ": ",
                       verbs, see_help(app));
}

std::string explain_parse_error(const CLI::App& root, const CLI::ParseError& error) {
    const CLI::App& verb = innermost(root);
    const std::string text = printable(error.what(), 300);
    const std::string about = text.substr(0, text.find_first_of(": "));
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
        return fmt::format("{} needs a value after {}; {}", subject(verb), about, see_help(verb));
    }
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
        return fmt::format("{} needs {}; {}", subject(verb), about, see_help(verb));
    }
    if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
        return "command line: " + text;
    }
    return fmt::format("{}: {}; {}", subject(verb), text, see_help(verb));
}

}  // namespace qe::app
