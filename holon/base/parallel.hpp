// A pool of threads that share out ranges of sites. No spinning: idle threads sleep.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace holon {

/// Sites [begin, end).
struct SiteRange {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
  bool operator==(const SiteRange&) const = default;
};

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  ///< at least 1; the calling thread is one of them
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  int threads() const;

  /// Calls body(begin, end) for contiguous parts of [0, count), each a multiple of `grain` sites but the
  /// last. Which thread runs which part never changes what is computed. The first exception thrown is
  /// rethrown here. May be called from several threads; a call made from inside a body runs serially.
  void for_range(std::size_t count, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body);

  /// The same for the sites of a range: parts are multiples of `grain` from its beginning on.
  void for_range(SiteRange sites, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body) {
    for_range(sites.size(), grain,
              [&](std::size_t begin, std::size_t end) { body(sites.begin + begin, sites.begin + end); });
  }

  /// Sum of term(begin, end) over blocks of exactly `grain` sites, added in order of the block: the same to
  /// the last bit for any number of threads.
  double sum(std::size_t count, std::size_t grain,
             const std::function<double(std::size_t, std::size_t)>& term);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace holon
