// SPDX-License-Identifier: Apache-2.0
//
// Stands in for libFuzzer's main in ordinary builds: feeds every file named on the command line,
// and every file below every folder named there, to the fuzz target once. A folder that does not
// exist is an empty corpus. Files are taken in name order, so that a failure repeats.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> input_files(const fs::path& root) {
    if (!fs::is_directory(root)) {
        return fs::exists(root) ? std::vector<fs::path>{root} : std::vector<fs::path>{};
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

void replay(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    // Copied to a block of exactly this size, so that a sanitizer sees a read past its end.
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    // Named before, not after: a crash must leave the name of its input as the last line.
    std::cout << file.string() << std::endl;
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
    // The empty input is part of every corpus.
    LLVMFuzzerTestOneInput(nullptr, 0);
    std::size_t count = 1;
    for (int i = 1; i < argc; ++i) {
        for (const auto& file : input_files(argv[i])) {
            replay(file);
            ++count;
        }
    }
    std::cout << "replayed " << count << " inputs\n";
    return 0;
}
