// Ranks: several copies of the program that work on one run, each with memory of its own, and talk to each
// other (MPI).
//
// A program that is started by itself knows nothing of this. Where the environment says that it is one of
// several (mpirun, srun), launched_ranks() loads the library that talks MPI, which is the only place that
// knows it (holon/base/mpi). Every call is made by all ranks, in the same order.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holon {

class Ranks {
 public:
  struct Outgoing {
    int to = 0;
    std::span<const double> values;
  };
  struct Incoming {
    int from = 0;
    std::span<double> values;
  };
  Ranks() = default;
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Sends and receives. What one rank sends to another arrives in the order in which both list it, and is as
  /// long as both say.
  virtual void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) = 0;
  /// Rank r has the numbers [bounds[r], bounds[r+1]) of `whole`; afterwards every rank has all.
  virtual void all_gather(std::span<double> whole, std::span<const std::size_t> bounds) = 0;
  /// What each rank says, in their order.
  virtual std::vector<std::string> all_gather(const std::string& mine) = 0;
  /// Called once, when this rank has nothing more to do. Waits for the others: until all have come if its
  /// status is 0; else some seconds, since those that wait for its part of the work will never come. The
  /// statuses of all ranks, or nothing if some did not come.
  virtual std::vector<int> end(int status) = 0;
  /// Ends the program on all ranks.
  [[noreturn]] virtual void abort(int status) = 0;
};

/// The ranks that this process was started among, or null where it was started alone. To be called once.
/// Throws SystemError where the library that talks MPI can't be loaded.
std::unique_ptr<Ranks> launched_ranks();

}  // namespace holon
