// Distribution: which processes of a model are shared among ranks, and what keeps the fields right meanwhile.
//
// A process that says how (Process::sharing) advances the sites of its rank; every other is done by all
// ranks, each on complete fields, and gives the same bits on all. How far a field is right beyond a rank's
// own sites is said by the State (State::ghosts); what a reader needs besides is fetched before it reads.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/space/partition.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holon {

class Distribution {
 public:
  /// `ranks` null: this process alone, nothing is shared.
  Distribution(const Model& model, Ranks* ranks);

  /// The partition along which a process is shared; null where every rank does the whole.
  const Partition* share(ProcessId process) const { return share_.empty() ? nullptr : share_[process]; }
  /// Fetches what a process is about to read or change.
  void before(State& state, ProcessId process) const;
  /// One advance in which each rank does its own sites: `advance` gives what went wrong, or nothing. Throws
  /// NumericalFailure on all ranks with what the first rank says that failed. What the ranks have booked is
  /// added up.
  void advance_share(State& state, ProcessId process, const std::function<std::string()>& advance) const;
  /// Fetches all values of fields.
  void complete(State& state, const std::function<bool(FieldId)>& wanted) const;
  void complete(State& state) const;
  Ranks* ranks() const { return ranks_; }

  /// For each process whether and how it is shared, or what keeps it from that; empty with one rank.
  struct Line {
    std::string process, text;
    bool shared = false;
  };
  std::vector<Line> lines() const;
  struct Part {
    int rank = 0;
    std::string space;
    SiteRange sites;
  };
  /// Who owns what, of every space along which a process is shared.
  std::vector<Part> parts() const;

 private:
  void fetch(State& state, const std::vector<FieldId>& fields, std::size_t halo) const;

  const Model* model_;
  Ranks* ranks_;
  std::map<const Space*, std::unique_ptr<const Partition>> partitions_;
  std::vector<const Partition*> share_;           // by process
  std::vector<Sharing> sharing_;                  // of those that are shared
  std::vector<std::vector<FieldId>> touched_;     // by process: what it reads or changes
  std::vector<std::vector<FieldId>> changed_;     // by process
  std::vector<std::vector<AccountId>> accounts_;  // by process
};

}  // namespace holon
