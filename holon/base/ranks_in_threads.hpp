// Ranks for tests: threads of one program instead of programs.
#pragma once

#include "holon/base/ranks.hpp"

#include <algorithm>
#include <barrier>
#include <exception>
#include <functional>
#include <map>
#include <thread>
#include <vector>

namespace holon {

/// Calls body(ranks) in one thread for each rank, and rethrows what the lowest that failed has thrown. All
/// fail or none: a rank that fails alone leaves the others waiting.
inline void run_ranks(int count, const std::function<void(Ranks&)>& body) {
  struct Meeting {
    explicit Meeting(int ranks) : all(ranks), out(ranks), whole(ranks), said(ranks) {}
    std::barrier<> all;
    std::vector<std::span<const Ranks::Outgoing>> out;
    std::vector<double*> whole;
    std::vector<std::string> said;
  };
  class InThreads final : public Ranks {
   public:
    InThreads(Meeting& meeting, int rank) : meeting_(meeting), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return static_cast<int>(meeting_.out.size()); }
    void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
      meeting_.out[me()] = out;
      meeting_.all.arrive_and_wait();
      std::map<int, std::size_t> received;
      for (const Incoming& message : in) {
        std::size_t number = received[message.from]++;
        for (const Outgoing& sent : meeting_.out[static_cast<std::size_t>(message.from)])
          if (sent.to == rank_ && number-- == 0) std::ranges::copy(sent.values, message.values.begin());
      }
      meeting_.all.arrive_and_wait();
    }
    void all_gather(std::span<double> whole, std::span<const std::size_t> bounds) override {
      meeting_.whole[me()] = whole.data();
      meeting_.all.arrive_and_wait();
      for (std::size_t r = 0; r < meeting_.whole.size(); ++r)
        if (r != me())
          std::copy(meeting_.whole[r] + bounds[r], meeting_.whole[r] + bounds[r + 1],
                    whole.begin() + static_cast<std::ptrdiff_t>(bounds[r]));
      meeting_.all.arrive_and_wait();
    }
    std::vector<std::string> all_gather(const std::string& mine) override {
      meeting_.said[me()] = mine;
      meeting_.all.arrive_and_wait();
      std::vector<std::string> all = meeting_.said;
      meeting_.all.arrive_and_wait();
      return all;
    }
    std::vector<int> end(int) override { return {}; }
    [[noreturn]] void abort(int) override { std::terminate(); }

   private:
    std::size_t me() const { return static_cast<std::size_t>(rank_); }
    Meeting& meeting_;
    int rank_;
  };

  Meeting meeting(count);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank)
    threads.emplace_back([&, rank] {
      try {
        InThreads ranks(meeting, rank);
        body(ranks);
      } catch (...) { errors[static_cast<std::size_t>(rank)] = std::current_exception(); }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace holon
