#include "experiments/parallel.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gripbench::experiments {

void for_each_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 1; i < jobs && static_cast<std::size_t>(i) < count; ++i) {
      workers.emplace_back(loop);
    }
    loop();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gripbench::experiments
