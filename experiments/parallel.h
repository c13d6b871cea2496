#pragma once

#include <cstddef>
#include <functional>

namespace gripbench::experiments {

/// Runs `work(i)` for every i under `count`, `jobs` at a time, the caller's thread among them. An
/// error lets those under way finish, starts no more, and is thrown.
void for_each_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work);

}  // namespace gripbench::experiments
