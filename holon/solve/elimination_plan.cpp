#include "holon/solve/elimination_plan.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace holon::solve {

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);
constexpr std::size_t most_joined = 4;     // what joins more parts runs from site to site
constexpr std::size_t few_neighbours = 8;  // so few may fill what is left between them

/// The connected parts of the unknowns that are eliminated, and whom each touches.
class Parts {
 public:
  Parts(const Sparsity& sparsity, std::span<const std::size_t> groups)
      : sparsity_(sparsity), groups_(groups), part_of_(sparsity.size(), nobody) {}

  /// Takes a group in, or leaves everything as it was and says no.
  bool take(std::size_t group, std::span<const std::size_t> unknowns) {
    std::vector<Part> made;
    std::vector<std::size_t> swallowed, todo;
    std::vector<std::size_t> seen_unknowns, seen_parts;
    const auto undo = [&] {
      for (const std::size_t u : seen_unknowns) visited_[u] = false;
      for (const std::size_t p : seen_parts) parts_[p].visited = false;
      return false;
    };
    visited_.resize(sparsity_.size(), false);
    for (const std::size_t start : unknowns) {
      if (visited_[start]) continue;
      Part part;
      std::vector<std::size_t> touched;
      std::size_t joined = 0;
      const auto reach = [&](std::size_t u) {
        if (groups_[u] == group) {
          if (!visited_[u]) visited_[u] = true, seen_unknowns.push_back(u), todo.push_back(u);
        } else if (part_of_[u] != nobody) {
          Part& other = parts_[part_of_[u]];
          if (other.visited) return;
          other.visited = true;
          ++joined;
          seen_parts.push_back(part_of_[u]);
          part.members.insert(part.members.end(), other.members.begin(), other.members.end());
          part.entries += other.entries;
          for (const std::size_t neighbour : other.neighbours)
            if (groups_[neighbour] != group)
              touched.push_back(neighbour);
            else if (!visited_[neighbour])
              visited_[neighbour] = true, seen_unknowns.push_back(neighbour), todo.push_back(neighbour);
        } else {
          touched.push_back(u);
        }
      };
      reach(start);
      while (!todo.empty()) {
        const std::size_t u = todo.back();
        todo.pop_back();
        part.members.push_back(u);
        part.entries += 2 * sparsity_.neighbours(u).size() + 1;
        for (const std::size_t other : sparsity_.neighbours(u)) reach(other);
        if (part.members.size() > EliminationPlan::most_rows) return undo();
      }
      std::sort(touched.begin(), touched.end());
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
      if (part.members.size() > EliminationPlan::most_rows || joined > most_joined ||
          touched.size() > EliminationPlan::most_neighbours ||
          (touched.size() > few_neighbours && touched.size() * touched.size() > part.entries))
        return undo();
      part.neighbours = std::move(touched);
      made.push_back(std::move(part));
    }
    for (const std::size_t p : seen_parts) parts_[p].members.clear();
    for (Part& part : made) {
      for (const std::size_t u : part.members) part_of_[u] = parts_.size();
      parts_.push_back(std::move(part));
    }
    return true;
  }

  EliminationPlan plan() const {
    EliminationPlan plan;
    for (const Part& part : parts_)
      if (!part.members.empty()) plan.blocks.push_back(part.members);
    // In the order of their first unknowns, whatever order they were found in.
    for (auto& block : plan.blocks) std::sort(block.begin(), block.end());
    std::sort(plan.blocks.begin(), plan.blocks.end());
    for (std::size_t u = 0; u < part_of_.size(); ++u)
      if (part_of_[u] == nobody) plan.kept.push_back(u);
    return plan;
  }

 private:
  struct Part {
    std::vector<std::size_t> members, neighbours;
    std::size_t entries = 0;
    bool visited = false;
  };
  const Sparsity& sparsity_;
  std::span<const std::size_t> groups_;
  std::vector<std::size_t> part_of_;
  std::vector<Part> parts_;
  std::vector<bool> visited_;
};

/// The unknowns of a block in an order that makes its band narrow.
std::vector<std::size_t> in_a_band(const Sparsity& sparsity, const std::vector<std::size_t>& block,
                                   std::vector<std::size_t>& position) {
  for (std::size_t k = 0; k < block.size(); ++k) position[block[k]] = k;
  std::vector<MatrixPlace> places;
  for (std::size_t k = 0; k < block.size(); ++k)
    for (const std::size_t other : sparsity.neighbours(block[k]))
      if (position[other] != nobody) places.push_back({k, position[other]});
  std::vector<std::size_t> ordered;
  for (const std::size_t k : narrow_order(Sparsity(block.size(), places))) ordered.push_back(block[k]);
  for (const std::size_t u : block) position[u] = nobody;
  return ordered;
}

}  // namespace

EliminationPlan elimination_plan(const Sparsity& sparsity, std::span<const std::size_t> groups,
                                 const std::vector<bool>& never) {
  std::vector<std::vector<std::size_t>> members(never.size());
  for (std::size_t u = 0; u < groups.size(); ++u) members[groups[u]].push_back(u);
  std::vector<std::size_t> waiting;
  for (std::size_t g = 0; g < members.size(); ++g)
    if (!never[g] && !members[g].empty()) waiting.push_back(g);
  std::stable_sort(waiting.begin(), waiting.end(),
                   [&](std::size_t a, std::size_t b) { return members[a].size() > members[b].size(); });
  Parts parts(sparsity, groups);
  // What one group would have joined may be together once another is in.
  for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
    before = waiting.size();
    std::erase_if(waiting, [&](std::size_t g) { return parts.take(g, members[g]); });
  }
  EliminationPlan plan = parts.plan();
  std::vector<std::size_t> position(groups.size(), nobody);
  for (auto& block : plan.blocks) block = in_a_band(sparsity, block, position);
  return plan;
}

}  // namespace holon::solve
