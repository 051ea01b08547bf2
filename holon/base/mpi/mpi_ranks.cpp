// Ranks that talk MPI. The only file that knows MPI; built as a library of its own, which the program loads
// when it finds itself started by a launcher (holon/base/ranks.cpp).
#include "holon/base/ranks.hpp"

#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include <mpi.h>

namespace {

class MpiRanks final : public holon::Ranks {
 public:
  MpiRanks() {
    // Whoever waits lets others have the processor: there may be more ranks than processors.
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm_dup(MPI_COMM_WORLD, &at_end_);
  }
  ~MpiRanks() override {
    if (!ended_) abort(1);
    MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    requests_.clear();
    // The tag is the number of the message between two ranks.
    std::map<int, int> sent, received;
    for (const Incoming& message : in)
      MPI_Irecv(message.values.data(), static_cast<int>(message.values.size()), MPI_DOUBLE, message.from,
                received[message.from]++, MPI_COMM_WORLD, &requests_.emplace_back());
    for (const Outgoing& message : out)
      MPI_Isend(message.values.data(), static_cast<int>(message.values.size()), MPI_DOUBLE, message.to,
                sent[message.to]++, MPI_COMM_WORLD, &requests_.emplace_back());
    MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  }

  void all_gather(std::span<double> whole, std::span<const std::size_t> bounds) override {
    counts_.clear();
    begins_.clear();
    for (std::size_t r = 0; r + 1 < bounds.size(); ++r) {
      begins_.push_back(static_cast<int>(bounds[r]));
      counts_.push_back(static_cast<int>(bounds[r + 1] - bounds[r]));
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, whole.data(), counts_.data(), begins_.data(),
                   MPI_DOUBLE, MPI_COMM_WORLD);
  }

  std::vector<std::string> all_gather(const std::string& mine) override {
    const int length = static_cast<int>(mine.size());
    std::vector<int> lengths(static_cast<std::size_t>(size_)), begins;
    MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
    int total = 0;
    for (const int n : lengths) {
      begins.push_back(total);
      total += n;
    }
    std::string all(static_cast<std::size_t>(total), ' ');
    MPI_Allgatherv(mine.data(), length, MPI_CHAR, all.data(), lengths.data(), begins.data(), MPI_CHAR,
                   MPI_COMM_WORLD);
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < lengths.size(); ++r)
      texts.push_back(all.substr(static_cast<std::size_t>(begins[r]), static_cast<std::size_t>(lengths[r])));
    return texts;
  }

  std::vector<int> end(int status) override {
    std::vector<int> statuses(static_cast<std::size_t>(size_));
    MPI_Request request{};
    MPI_Iallgather(&status, 1, MPI_INT, statuses.data(), 1, MPI_INT, at_end_, &request);
    const auto began = std::chrono::steady_clock::now();
    int all_came = 0;
    while (true) {
      MPI_Test(&request, &all_came, MPI_STATUS_IGNORE);
      if (all_came != 0) break;
      if (status != 0 && std::chrono::steady_clock::now() - began > patience) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ended_ = true;
    return statuses;
  }

  void abort(int status) override {
    MPI_Abort(MPI_COMM_WORLD, status);
    std::_Exit(status);
  }

 private:
  static constexpr std::chrono::seconds patience{5};
  int rank_ = 0, size_ = 1;
  bool ended_ = false;
  MPI_Comm at_end_{};
  std::vector<MPI_Request> requests_;
  std::vector<int> counts_, begins_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) holon::Ranks* holon_make_ranks() { return new MpiRanks; }
