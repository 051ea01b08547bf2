// A tree of branches: a neuron's dendrites and axon, vessels, airways. Branches are tubes whose radius
// changes along them; each is cut into segments of equal length, which are the sites.
//
// A segment has a length, the lateral area and the volume of its frusta; one of the three is the measure of
// the space. Between the middles of two segments lies the resistance of the tube, integral of ds/(pi r^2) (of
// ds alone where lengths are the measure). Where three or more branches meet, they do so at a node without a
// volume of its own, whose value follows from what flows in: Kirchhoff's law.
#pragma once

#include "holon/space/space.hpp"

#include <string>
#include <vector>

namespace holon {

/// A branch before it is cut: frusta from the end that is nearer to the root.
struct TreeBranch {
  struct Piece {
    double length = 0.0, radius_begin = 0.0, radius_end = 0.0;
    Position begin{}, end{};  ///< where the tree has places in space
  };
  std::string name;
  std::optional<std::size_t> parent;  ///< an earlier branch
  bool at_start = false;              ///< begins where its parent begins, not where it ends
  std::vector<Piece> pieces;

  double length() const;
};

class TreeSpace final : public Space {
 public:
  enum class Measure { length, area, volume };
  /// What a position is: the distance from the root along the branches, or a place in space.
  enum class Places { distance, space };
  /// Cuts branches into segments not longer than `spacing`. Parents come before their children; there may be
  /// one root only. Throws InputError otherwise, and where a length or a radius is not positive.
  TreeSpace(std::string name, std::vector<TreeBranch> branches, double spacing, Measure measure,
            Places places, Dimension length = Dimension::length());

  Type type() const override { return Type::tree; }
  std::size_t sites() const override { return segments_.size(); }
  int dimensions() const override { return places_ == Places::distance ? 1 : 3; }
  int measure_power() const override;
  Position position(std::size_t site) const override;
  double measure(std::size_t site) const override;
  /// By distance: on the first branch that reaches so far, linear between the middles of its segments. By
  /// place: the nearest segment, if the place is within its length.
  std::optional<Stencil> interpolation(const Position& place) const override;
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override;

  struct Segment {
    std::size_t branch = 0;
    double distance = 0.0;  ///< of its middle from the root, along the branches
    double length = 0.0, area = 0.0, volume = 0.0;
    double resistance_to_begin = 0.0, resistance_to_end = 0.0;  ///< from its middle; integrals as above
    Position middle{};
  };
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<TreeBranch>& branches() const { return branches_; }
  /// Sites of a branch: [first, end).
  std::size_t first_site(std::size_t branch) const { return first_[branch]; }
  std::size_t end_site(std::size_t branch) const { return first_[branch + 1]; }

  /// The tree that flows follow: the segments, and the nodes where three or more meet. Parents come first.
  struct Node {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t site = none;    ///< none where branches meet
    std::size_t parent = none;  ///< another node
    double conductance = 0.0;   ///< to the parent: 1 over the integral between them
  };
  const std::vector<Node>& nodes() const { return nodes_; }
  double whole_measure() const;

 private:
  void cut(std::size_t branch, double spacing);
  void join();
  Measure measure_;
  Places places_;
  std::vector<TreeBranch> branches_;
  std::vector<double> start_;  ///< of branches: distance from the root
  std::vector<std::size_t> first_;
  std::vector<Segment> segments_;
  std::vector<Node> nodes_;
};

}  // namespace holon
