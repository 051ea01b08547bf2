#include "holon/base/parallel.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace holon {

namespace {

/// True while this thread runs a body: a call made from there runs serially instead of waiting for itself.
thread_local bool inside_body = false;

class InsideBody {
 public:
  InsideBody() : before_(inside_body) { inside_body = true; }
  ~InsideBody() { inside_body = before_; }
  InsideBody(const InsideBody&) = delete;
  InsideBody& operator=(const InsideBody&) = delete;

 private:
  bool before_;
};

/// A range of sites cut into parts of whole blocks of `grain` sites, the same for every run.
struct Partition {
  std::size_t count = 0, grain = 1, parts = 0;
  std::size_t boundary(std::size_t part) const {
    const std::size_t blocks = (count - 1) / grain + 1;
    const std::size_t block = blocks / parts * part + std::min(part, blocks % parts);
    return block >= blocks ? count : block * grain;
  }
};

}  // namespace

struct ThreadPool::Implementation {
  using Body = std::function<void(std::size_t, std::size_t)>;

  std::mutex callers;  // one job at a time
  std::mutex mutex;    // guards everything below
  std::condition_variable start, done;
  std::vector<std::thread> workers;
  const Body* body = nullptr;
  Partition partition;
  std::size_t generation = 0;
  std::size_t running = 0;
  bool stopping = false;
  std::exception_ptr error;
  std::size_t error_part = 0;

  /// Runs one part; of several errors the one at the lowest sites is kept, so that the message does not
  /// depend on timing.
  void run(const Body& b, const Partition& p, std::size_t part) {
    if (part >= p.parts) return;
    try {
      const InsideBody inside;
      b(p.boundary(part), p.boundary(part + 1));
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error || part < error_part) {
        error = std::current_exception();
        error_part = part;
      }
    }
  }

  void work(std::size_t part) {
    std::size_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      start.wait(lock, [&] { return stopping || generation != seen; });
      if (stopping) return;
      seen = generation;
      const Body& b = *body;
      const Partition p = partition;
      lock.unlock();
      run(b, p, part);
      lock.lock();
      if (--running == 0) done.notify_one();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    start.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(int threads) : implementation_(std::make_unique<Implementation>()) {
  require(threads >= 1, "a thread pool has at least one thread");
  Implementation& pool = *implementation_;
  try {
    for (std::size_t part = 1; part < static_cast<std::size_t>(threads); ++part)
      pool.workers.emplace_back([&pool, part] { pool.work(part); });
  } catch (const std::system_error& e) {
    pool.stop();
    throw SystemError("cannot start " + std::to_string(threads) + " threads: " + e.what());
  }
}

ThreadPool::~ThreadPool() { implementation_->stop(); }

int ThreadPool::threads() const { return static_cast<int>(implementation_->workers.size()) + 1; }

void ThreadPool::for_range(std::size_t count, std::size_t grain,
                           const std::function<void(std::size_t, std::size_t)>& body) {
  require(grain >= 1, "the grain of a parallel range is at least one site");
  if (count == 0) return;
  const std::size_t blocks = (count - 1) / grain + 1;
  const Partition partition{count, grain, std::min(blocks, static_cast<std::size_t>(threads()))};
  if (partition.parts == 1 || inside_body) {
    const InsideBody inside;
    body(0, count);
    return;
  }
  Implementation& pool = *implementation_;
  const std::lock_guard one_caller(pool.callers);
  {
    const std::lock_guard lock(pool.mutex);
    pool.body = &body;
    pool.partition = partition;
    pool.running = pool.workers.size();
    pool.error = nullptr;
    ++pool.generation;
  }
  pool.start.notify_all();
  pool.run(body, partition, 0);
  std::exception_ptr error;
  {
    std::unique_lock lock(pool.mutex);
    pool.done.wait(lock, [&] { return pool.running == 0; });
    error = std::exchange(pool.error, nullptr);
  }
  if (error) std::rethrow_exception(error);
}

double ThreadPool::sum(std::size_t count, std::size_t grain,
                       const std::function<double(std::size_t, std::size_t)>& term) {
  require(grain >= 1, "the grain of a parallel sum is at least one site");
  if (count == 0) return 0.0;
  std::vector<double> partial((count - 1) / grain + 1);
  for_range(partial.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t block = begin; block < end; ++block)
      partial[block] = term(block * grain, std::min(count, (block + 1) * grain));
  });
  double total = 0.0;
  for (const double p : partial) total += p;
  return total;
}

}  // namespace holon
