// A long computation that may not look at signals in time (a factorisation of a large matrix), on a thread of
// its own while this one watches for them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace holon::cli {

/// Calls `work` and returns what it does, or throws what it throws. Once `interrupted` is set, work has
/// `patience` to come to its end; then `abandon` is called, which must end the program, as what work uses
/// can't be taken away.
template <class Result>
Result watched_call(const std::function<Result()>& work, const std::atomic<int>& interrupted,
                    std::chrono::milliseconds patience, const std::function<void()>& abandon) {
  struct Shared {
    std::mutex guard;
    std::condition_variable ended;
    bool done = false;
    Result result;
    std::exception_ptr error;
  };
  const auto shared = std::make_shared<Shared>();
  std::thread thread([shared, work] {
    Result result;
    std::exception_ptr error;
    try {
      result = work();
    } catch (...) { error = std::current_exception(); }
    const std::scoped_lock lock(shared->guard);
    shared->result = std::move(result);
    shared->error = error;
    shared->done = true;
    shared->ended.notify_all();
  });
  constexpr std::chrono::milliseconds look{50};
  std::chrono::milliseconds waited{0};
  {
    std::unique_lock lock(shared->guard);
    while (!shared->ended.wait_for(lock, look, [&] { return shared->done; })) {
      if (interrupted != 0) waited += look;
      if (waited < patience) continue;
      lock.unlock();
      abandon();
      std::terminate();
    }
  }
  thread.join();
  if (shared->error) std::rethrow_exception(shared->error);
  return std::move(shared->result);
}

}  // namespace holon::cli
