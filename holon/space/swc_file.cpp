#include "holon/space/swc_file.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>

#include <fmt/format.h>

namespace holon {

namespace {

struct Sample {
  long id = 0;
  int type = 0;
  Position place{};
  double radius = 0.0;
  std::optional<std::size_t> parent;
  std::vector<std::size_t> children;
  bool soma() const { return type == 1; }
};

class Reader {
 public:
  Reader(const std::filesystem::path& file, double um) : file_(file), um_(um) {}

  std::vector<TreeBranch> read() {
    std::ifstream stream(file_);
    if (!stream) throw InputError(fmt::format("the file '{}' can't be read", file_.string()));
    for (std::string line; std::getline(stream, line);) {
      ++line_;
      take(line);
    }
    if (samples_.empty()) fault("holds no sample", "lines of id, type, x, y, z, radius and parent");
    make_root();
    for (std::size_t next = 0; next < open_.size(); ++next) follow(open_[next]);
    return std::move(branches_);
  }

 private:
  [[noreturn]] void fault(const std::string& message, const std::string& expected) const {
    throw InputError(
        Diagnostic{.place = {file_.string(), line_, 1}, .message = message, .expected = expected});
  }

  void take(const std::string& line) {
    std::vector<double> numbers;
    const char *at = line.data(), *const stop = at + std::min(line.find_first_of("#\r"), line.size());
    while (true) {
      while (at != stop && (*at == ' ' || *at == '\t' || *at == ',')) ++at;
      if (at == stop) break;
      double number = 0.0;
      const auto [rest, error] = std::from_chars(at, stop, number);
      if (error != std::errc{} || !std::isfinite(number))
        fault(fmt::format("'{}' is no number", std::string(at, stop)), "id, type, x, y, z, radius, parent");
      numbers.push_back(number);
      at = rest;
    }
    if (numbers.empty()) return;
    if (numbers.size() != 7)
      fault(fmt::format("has {} numbers", numbers.size()), "7: id, type, x, y, z, radius, parent");
    add(numbers);
  }

  void add(const std::vector<double>& numbers) {
    Sample sample;
    sample.id = std::lround(numbers[0]);
    sample.type = static_cast<int>(std::lround(numbers[1]));
    for (std::size_t a = 0; a < 3; ++a) sample.place[a] = numbers[2 + a] * um_;
    sample.radius = numbers[5] * um_;
    if (!(sample.radius > 0.0)) fault(fmt::format("the radius is {:g}", numbers[5]), "a positive radius");
    const long parent = std::lround(numbers[6]);
    if (parent == -1) {
      if (!samples_.empty()) fault("this is a second root", "one tree: every other sample has a parent");
    } else {
      const auto found = index_.find(parent);
      if (found == index_.end())
        fault(fmt::format("the parent {} stands on no line above", parent), "a parent before its children");
      sample.parent = found->second;
      samples_[found->second].children.push_back(samples_.size());
    }
    if (!index_.emplace(sample.id, samples_.size()).second)
      fault(fmt::format("the id {} stands twice", sample.id), "a number of its own for each sample");
    samples_.push_back(std::move(sample));
  }

  /// A run of samples still to be followed.
  struct Run {
    std::size_t first;
    std::optional<std::size_t> parent;  ///< branch
    bool at_start = false;
  };

  void make_root() {
    Sample& root = samples_.front();
    if (root.soma()) {
      const auto beside = [&](std::size_t child) {
        return samples_[child].soma() && samples_[child].children.empty();
      };
      const bool round = std::all_of(root.children.begin(), root.children.end(), [&](std::size_t child) {
        return !samples_[child].soma() || beside(child);
      });
      if (round) {
        TreeBranch soma{.name = "soma"};
        soma.pieces.push_back({2.0 * root.radius, root.radius, root.radius, root.place, root.place});
        branches_.push_back(std::move(soma));
        for (const std::size_t child : root.children)
          if (!samples_[child].soma()) open_.push_back({child, 0});
        return;
      }
    }
    if (root.children.empty()) fault("the root has neither a soma nor children", "a tree");
    // The first run makes the root branch, others begin where it does.
    open_.push_back({root.children.front(), std::nullopt});
    for (std::size_t c = 1; c < root.children.size(); ++c) open_.push_back({root.children[c], 0, true});
  }

  void follow(const Run run) {
    const Sample& first = samples_[run.first];
    const Sample& before = samples_[*first.parent];
    std::vector<std::size_t> points;
    const bool leaves_soma = before.soma() && !first.soma();
    if (!leaves_soma) points.push_back(*first.parent);
    std::size_t last = run.first;
    points.push_back(last);
    const auto goes_on = [&] {
      const Sample& sample = samples_[last];
      return sample.children.size() == 1 && samples_[sample.children[0]].soma() == sample.soma();
    };
    while (goes_on()) points.push_back(last = samples_[last].children[0]);
    TreeBranch branch{.name = name_of(first), .parent = run.parent, .at_start = run.at_start};
    if (points.size() == 1) {
      branch.pieces.push_back(piece(before.place, first.place, first.radius, first.radius));
    } else {
      for (std::size_t k = 1; k < points.size(); ++k) {
        const Sample &a = samples_[points[k - 1]], &b = samples_[points[k]];
        branch.pieces.push_back(piece(a.place, b.place, a.radius, b.radius));
      }
    }
    std::erase_if(branch.pieces, [](const TreeBranch::Piece& each) { return !(each.length > 0.0); });
    const std::size_t made = branches_.size();
    if (branch.pieces.empty())
      throw InputError(fmt::format("'{}': the samples from id {} to {} lie at one place", file_.string(),
                                   first.id, samples_[last].id));
    branches_.push_back(std::move(branch));
    for (const std::size_t child : samples_[last].children) open_.push_back({child, made});
  }

  static TreeBranch::Piece piece(const Position& a, const Position& b, double ra, double rb) {
    return {std::hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]), ra, rb, a, b};
  }

  static std::string name_of(const Sample& sample) {
    switch (sample.type) {
      case 1:
        return fmt::format("soma_{}", sample.id);
      case 2:
        return fmt::format("axon_{}", sample.id);
      case 3:
        return fmt::format("basal_{}", sample.id);
      case 4:
        return fmt::format("apical_{}", sample.id);
      default:
        return fmt::format("branch_{}", sample.id);
    }
  }

  std::filesystem::path file_;
  double um_;
  int line_ = 0;
  std::vector<Sample> samples_;
  std::map<long, std::size_t> index_;
  std::vector<Run> open_;
  std::vector<TreeBranch> branches_;
};

}  // namespace

std::vector<TreeBranch> read_swc(const std::filesystem::path& file, double um) {
  return Reader(file, um).read();
}

}  // namespace holon
