#include "holon/base/parallel.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
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

/// Blocks of `grain` sites, [first, end) of them.
struct Blocks {
  std::size_t first = 0, end = 0;
  std::size_t count() const { return end - first; }
};

/// One thread's share of a range: it takes blocks from the front, others who have nothing left to do take
/// them from the back. What is taken at once shrinks with what is left, so that all end at about the same
/// time.
class Share {
 public:
  void assign(Blocks blocks) { left_ = pack(blocks); }
  std::optional<Blocks> take_front() {
    return take([](Blocks& left, std::size_t count) {
      const Blocks taken{left.first, left.first + count};
      left.first += count;
      return taken;
    });
  }
  std::optional<Blocks> take_back() {
    return take([](Blocks& left, std::size_t count) {
      const Blocks taken{left.end - count, left.end};
      left.end -= count;
      return taken;
    });
  }

 private:
  static constexpr std::size_t parts = 4;  // of what is left is taken at once
  static std::uint64_t pack(Blocks blocks) { return std::uint64_t{blocks.first} << 32 | blocks.end; }

  template <class Cut>
  std::optional<Blocks> take(Cut cut) {
    std::uint64_t seen = left_.load();
    while (true) {
      Blocks left{seen >> 32, seen & 0xffffffffu};
      if (left.count() == 0) return std::nullopt;
      const Blocks taken = cut(left, std::max<std::size_t>(1, left.count() / parts));
      if (left_.compare_exchange_weak(seen, pack(left))) return taken;
    }
  }

  alignas(64) std::atomic<std::uint64_t> left_{0};
};

constexpr std::size_t most_blocks = 0xffffffffu;
constexpr std::size_t many_blocks = 32;  // for each thread: one of them is a small part of the work

}  // namespace

struct ThreadPool::Implementation {
  using Body = std::function<void(std::size_t, std::size_t)>;

  explicit Implementation(std::size_t threads) : shares(threads) {}

  std::mutex callers;  // one job at a time
  std::mutex mutex;    // guards all below but the shares and what is left of them
  std::condition_variable start, done;
  std::vector<std::thread> workers;
  const Body* body = nullptr;  // null: no job
  std::size_t count = 0, grain = 1;
  std::size_t generation = 0;
  std::size_t active = 0;  // workers that take part
  bool stopping = false;
  std::exception_ptr error;
  std::size_t error_site = 0;

  std::vector<Share> shares;
  std::atomic<std::size_t> left{0};  // blocks that nobody has taken
  std::size_t kept = 0;              // of them for the caller, so that it need not sleep until others end

  /// Runs blocks; of several errors the one at the lowest sites is kept, so that the message does not depend
  /// on timing.
  void run(const Body& b, Blocks blocks) {
    const std::size_t begin = blocks.first * grain;
    left -= blocks.count();
    try {
      const InsideBody inside;
      b(begin, std::min(count, blocks.end * grain));
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error || begin < error_site) {
        error = std::current_exception();
        error_site = begin;
      }
    }
  }

  /// What a thread does in a job; thread 0 is the caller.
  void take_part(const Body& b, std::size_t thread) {
    const auto may_go_on = [&] { return thread == 0 || left > kept; };
    while (may_go_on()) {
      const auto blocks = shares[thread].take_front();
      if (!blocks) break;
      run(b, *blocks);
    }
    for (std::size_t other = 1; other < shares.size(); ++other)
      while (may_go_on()) {
        const auto blocks = shares[(thread + other) % shares.size()].take_back();
        if (!blocks) break;
        run(b, *blocks);
      }
  }

  void work(std::size_t thread) {
    std::size_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      start.wait(lock, [&] { return stopping || (body != nullptr && generation != seen); });
      if (stopping) return;
      seen = generation;
      const Body& b = *body;
      ++active;
      lock.unlock();
      take_part(b, thread);
      lock.lock();
      if (--active == 0) done.notify_one();
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

ThreadPool::ThreadPool(int threads)
    : implementation_(std::make_unique<Implementation>(static_cast<std::size_t>(std::max(threads, 1)))) {
  require(threads >= 1, "a thread pool has at least one thread");
  Implementation& pool = *implementation_;
  try {
    for (std::size_t thread = 1; thread < static_cast<std::size_t>(threads); ++thread)
      pool.workers.emplace_back([&pool, thread] { pool.work(thread); });
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
  if (blocks == 1 || threads() == 1 || inside_body) {
    const InsideBody inside;
    body(0, count);
    return;
  }
  require(blocks <= most_blocks, "a parallel range has less than 2^32 blocks");
  Implementation& pool = *implementation_;
  const std::lock_guard one_caller(pool.callers);
  {
    const std::lock_guard lock(pool.mutex);
    pool.count = count;
    pool.grain = grain;
    const std::size_t shares = pool.shares.size();
    const auto boundary = [&](std::size_t share) {
      return blocks / shares * share + std::min(share, blocks % shares);
    };
    for (std::size_t share = 0; share < shares; ++share)
      pool.shares[share].assign({boundary(share), boundary(share + 1)});
    pool.left = blocks;
    pool.kept = blocks >= many_blocks * shares ? 1 : 0;
    pool.error = nullptr;
    pool.body = &body;
    ++pool.generation;
  }
  pool.start.notify_all();
  pool.take_part(body, 0);
  // Workers that have not woken up yet are not waited for: nothing is left for them.
  std::exception_ptr error;
  {
    std::unique_lock lock(pool.mutex);
    pool.body = nullptr;
    pool.done.wait(lock, [&] { return pool.active == 0; });
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
