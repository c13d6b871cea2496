#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gripbench::experiments {

/// Runs a program found on PATH, without a shell, its standard input empty and its output thrown
/// away but for the error stream, and waits for it.
/// @throws hal::InputError naming the program and what to install if it is not there, or with the
/// last line of its error stream if it fails.
void run_program(const std::string& program, const std::vector<std::string>& arguments,
                 const std::string& debian_package);

}  // namespace gripbench::experiments
