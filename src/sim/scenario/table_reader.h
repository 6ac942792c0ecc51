// SPDX-License-Identifier: Apache-2.0
//
// TableReader: takes the keys of one TOML table one by one, and complains about what is wrong, what
// is missing and what nobody asked for, with file, line and key.
//
// A taker that complains leaves the field as it was. finish() must be called last.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quicether/config/diagnostic.h"
#include "quicether/config/tree.h"
#include "sim/scenario/units.h"

namespace qe::sim {

/// What is wrong with a file so far.
class Problems {
  public:
    explicit Problems(std::string file) : file_(std::move(file)) {}
    void add(std::size_t line, std::string key, std::string message);
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    [[nodiscard]] std::vector<config::Diagnostic> take();

  private:
    std::string file_;
    std::vector<config::Diagnostic> list_;
};

/// "a, b or c".
[[nodiscard]] std::string either(const std::vector<std::string_view>& words);

class TableReader {
  public:
    /// `path` goes before the keys in complaints: "host[2].". All must outlive the reader.
    TableReader(const config::Value& table, std::string path, Problems& problems);

    [[nodiscard]] Problems& problems() noexcept { return problems_; }
    [[nodiscard]] std::size_t line() const noexcept { return table_.line; }
    [[nodiscard]] bool has(std::string_view key) const { return table_.find(key) != nullptr; }

    bool text(std::string_view key, std::string& out);
    bool truth(std::string_view key, bool& out);
    bool whole(std::string_view key, std::uint64_t min, std::uint64_t max, std::uint64_t& out);
    bool duration(std::string_view key, base::Duration& out);
    bool rate(std::string_view key, std::uint64_t& out);
    bool size(std::string_view key, std::uint64_t& out);
    /// A number from 0 to 1, or a text with a percent sign.
    bool share(std::string_view key, double& out);
    bool number(std::string_view key, double& out);
    /// One text, or a list of them.
    bool texts(std::string_view key, std::vector<std::string>& out);

    template <typename T>
    bool choice(std::string_view key, const std::vector<std::pair<std::string_view, T>>& choices,
                T& out) {
        std::string word;
        if (!text(key, word)) {
            return false;
        }
        std::vector<std::string_view> words;
        for (const auto& [name, value] : choices) {
            if (name == word) {
                out = value;
                return true;
            }
            words.push_back(name);
        }
        refuse(key, "is not known; use " + either(words));
        return false;
    }

    /// A table or a list, for the caller to read; null when absent or of another kind.
    const config::Value* table(std::string_view key);
    const config::Value* list(std::string_view key);
    /// Any value.
    const config::Value* take(std::string_view key);

    /// Complains when the key is absent.
    void require(std::string_view key, std::string_view what);
    /// `message` has the form "what is wrong; what to do".
    void refuse(std::string_view key, std::string message);
    [[nodiscard]] std::string shown(std::string_view key) const { return path_ + std::string(key); }
    /// Complains about keys that were not taken.
    void finish();

  private:
    const config::Value* take_kind(std::string_view key, config::Value::Kind kind,
                                   std::string_view wanted);
    template <typename T>
    bool parsed(std::string_view key, Parsed<T> (*parse)(std::string_view), T& out);

    const config::Value& table_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string_view> known_;
};

}  // namespace qe::sim
