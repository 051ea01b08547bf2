#include "holon/transport/coefficient_slopes.hpp"

#include <algorithm>

namespace holon::transport {

CoefficientSlopes::CoefficientSlopes(const std::string& process, const DiffusionOptions& options,
                                     std::shared_ptr<const StructuredSpace> grid, const Model& model)
    : grid_(std::move(grid)), sides_(options.sides) {
  for (const Coefficient& d : options.diffusivity)
    for (const FieldId id : fields_of(d, *model.fields)) reads_.push_back(id);
  if (reads_.empty()) return;
  std::sort(reads_.begin(), reads_.end());
  reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
  const std::string name = process + " diffusivity";
  for (const Coefficient& d : options.diffusivity)
    axes_.push_back({CoefficientKernel(name, d, grid_, *model.fields, *model.parameters, model.kernels),
                     FieldDependence(name, d, grid_, *model.fields, *model.parameters, model.kernels)});
}

std::array<std::vector<double>, 3> CoefficientSlopes::diffusivities(const State& state,
                                                                    ThreadPool& threads) const {
  std::array<std::vector<double>, 3> values;
  for (int a = 0; a < grid_->dimensions(); ++a) {
    auto& column = values[static_cast<std::size_t>(a)];
    if (a > 0 && axes_.size() == 1) {
      column = values[0];
      continue;
    }
    column.resize(grid_->sites());
    axis(a).diffusivity.evaluate(state, 0.0, column, threads);
  }
  return values;
}

std::vector<CoefficientSlopes::Entry> CoefficientSlopes::entries(
    const State& state, const FluxOperator& op, std::span<const double> u, const SideData& data,
    double capacity, const std::array<std::array<double, 2>, 3>& transfer, ThreadPool& threads) const {
  std::vector<Entry> entries;
  const auto values = diffusivities(state, threads);
  for (int a = 0; a < grid_->dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    const std::vector<double>& d = values[n];
    const auto slopes = axis(a).dependence.slopes(state, 0.0, threads);
    // A rate of `site` that grows by `slope` with the diffusivity at `of`.
    const auto add = [&](std::size_t site, std::size_t of, double slope) {
      if (slope == 0.0 || !op.is_free(site)) return;
      const std::size_t i = op.indices(site)[n];
      const double rate = slope / (capacity * op.width(a, i)) * op.inverse_capacity(site);
      for (const FieldDependence::Slope& by : slopes)
        if (by.value[of] != 0.0)
          entries.push_back({site, by.field, by.component, by.site(of), rate * by.value[of]});
    };
    for (std::size_t site = 0; site < op.sites(); ++site) {
      if (!op.inside(site)) continue;
      const std::size_t i = op.indices(site)[n];
      const bool last = i + 1 == op.count(a);
      if (!last || op.periodic(a)) {
        const std::size_t other = last ? site - i * op.stride(a) : site + op.stride(a);
        if (op.inside(other)) {
          const double share = grid_->share_to_next(a, i), here = d[site], there = d[other];
          const double sum = share * there + (1.0 - share) * here;
          const double drop = (u[other] - u[site]) / (grid_->distance_to_next(a, i) * sum * sum);
          const double by_here = share * there * there * drop, by_there = (1.0 - share) * here * here * drop;
          add(site, site, by_here);
          add(site, other, by_there);
          add(other, site, -by_here);
          add(other, other, -by_there);
        }
      }
      for (int side = 0; side < 2; ++side) {
        const auto s = static_cast<std::size_t>(side);
        if (i != (side == 0 ? 0 : op.count(a) - 1) || !grid_->has_side(a, side) ||
            grid_->arrangement() != StructuredSpace::Sites::cells)
          continue;
        const SideRule::Kind kind = sides_[n][s].kind;
        if (kind == SideRule::Kind::flux) continue;
        const std::vector<double>& column = data.side[n][s];
        const double datum = column.empty() ? 0.0 : column[op.face_of(a, site)];
        const double half = grid_->distance_to_side(a, side);
        double slope = 1.0 / half;
        if (kind == SideRule::Kind::exchange) {
          const double outer = grid_->side_area(a, side) * transfer[n][s] * capacity;
          const double sum = d[site] + half * outer;
          slope = outer * outer * half / (sum * sum);
        }
        add(site, site, slope * (datum - u[site]));
      }
    }
  }
  return entries;
}

}  // namespace holon::transport
