#include "holon/base/parallel.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace holon {
namespace {

TEST(ThreadPoolThreads, VisitEverySiteExactlyOnceInPartsOfWholeGrains) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const std::size_t count : {0u, 1u, 7u, 8u, 9u, 64u, 1000u}) {
      for (const std::size_t grain : {1u, 8u, 300u, 5000u}) {
        std::vector<int> visits(count, 0);
        std::mutex mutex;
        pool.for_range(count, grain, [&](std::size_t begin, std::size_t end) {
          EXPECT_EQ(begin % grain, 0u);
          EXPECT_TRUE(end % grain == 0 || end == count);
          const std::lock_guard lock(mutex);
          for (std::size_t i = begin; i < end; ++i) ++visits[i];
        });
        EXPECT_EQ(visits, std::vector<int>(count, 1)) << threads << " threads, grain " << grain;
      }
    }
  }
}

TEST(ThreadPoolThreads, UseAllThreadsWhenThereIsEnoughWork) {
  ThreadPool pool(4);
  std::mutex mutex;
  std::condition_variable arrived;
  std::set<std::thread::id> ids;
  pool.for_range(4, 1, [&](std::size_t begin, std::size_t end) {
    EXPECT_EQ(end - begin, 1u) << begin;
    std::unique_lock lock(mutex);
    ids.insert(std::this_thread::get_id());
    arrived.notify_all();
    arrived.wait_for(lock, std::chrono::seconds(60), [&] { return ids.size() == 4; });
  });
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_TRUE(ids.contains(std::this_thread::get_id()));
}

TEST(ThreadPoolThreads, DoNotWaitForAThreadThatIsHeldUp) {
  // The caller's first site waits until all others are done: whoever wakes up does them.
  for (const int threads : {2, 3}) {
    ThreadPool pool(threads);
    const auto caller = std::this_thread::get_id();
    std::mutex mutex;
    std::condition_variable progress;
    std::size_t done = 0;
    bool held = false;
    const std::size_t count = 1000;
    pool.for_range(count, 1, [&](std::size_t begin, std::size_t end) {
      std::unique_lock lock(mutex);
      if (std::this_thread::get_id() == caller && !held) {
        held = true;
        // One block is left to the caller, besides what it has taken.
        EXPECT_TRUE(progress.wait_for(lock, std::chrono::seconds(60),
                                      [&] { return done + (end - begin) + 1 >= count; }));
      }
      done += end - begin;
      progress.notify_all();
    });
    EXPECT_EQ(done, count);
  }
}

TEST(ThreadPoolThreads, RethrowTheErrorOfTheLowestSitesAndStayUsable) {
  ThreadPool pool(4);
  for (int repeat = 0; repeat < 50; ++repeat) {
    try {
      pool.for_range(4, 1, [](std::size_t begin, std::size_t) {
        if (begin >= 1) throw std::runtime_error("site " + std::to_string(begin));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "site 1"); }
    std::atomic<int> sites = 0;
    pool.for_range(10, 1,
                   [&](std::size_t begin, std::size_t end) { sites += static_cast<int>(end - begin); });
    EXPECT_EQ(sites, 10);
  }
}

TEST(ThreadPoolThreads, RunACallFromInsideABodySerially) {
  ThreadPool pool(3), other(2);
  std::atomic<int> inner_calls = 0, outer_calls = 0;
  pool.for_range(3, 1, [&](std::size_t, std::size_t) {
    ++outer_calls;
    const auto id = std::this_thread::get_id();
    for (ThreadPool* nested : {&pool, &other})
      nested->for_range(100, 1, [&](std::size_t begin, std::size_t end) {
        EXPECT_EQ(std::this_thread::get_id(), id);
        EXPECT_EQ(end - begin, 100u);
        ++inner_calls;
      });
  });
  EXPECT_EQ(outer_calls, 3);
  EXPECT_EQ(inner_calls, 6);
}

TEST(ThreadPoolThreads, ServeSeveralCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::vector<double> sums(4);
  for (std::size_t c = 0; c < sums.size(); ++c)
    callers.emplace_back([&, c] {
      for (int repeat = 0; repeat < 100; ++repeat)
        sums[c] = pool.sum(1000, 16, [c](std::size_t begin, std::size_t end) {
          return static_cast<double>((end - begin) * (c + 1));
        });
    });
  for (std::thread& caller : callers) caller.join();
  for (std::size_t c = 0; c < sums.size(); ++c) EXPECT_EQ(sums[c], 1000.0 * static_cast<double>(c + 1));
}

TEST(ThreadPoolThreads, AddUpTheSameToTheLastBitForAnyNumberOfThreads) {
  std::vector<double> terms(12345);
  for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = 1.0 / static_cast<double>(3 * i + 1);
  const auto term = [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += terms[i];
    return sum;
  };
  double expected = 0;
  for (std::size_t begin = 0; begin < terms.size(); begin += 64)
    expected += term(begin, std::min(terms.size(), begin + 64));
  double naive = 0;
  for (const double t : terms) naive += t;
  ASSERT_NE(naive, expected) << "the case is too easy: another order gives the same bits";
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.sum(terms.size(), 64, term), expected) << threads << " threads";
  }
  ThreadPool pool(2);
  EXPECT_EQ(pool.sum(0, 64, term), 0.0);
}

}  // namespace
}  // namespace holon
