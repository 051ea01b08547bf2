#include "holon/transport/flux_scratch.hpp"

namespace holon::transport {

namespace {

constexpr std::size_t grain = 8192;

/// identity - c L without cross terms, times measure and capacity: what multigrid is made for. Held sites and
/// those outside have no entries.
solve::GridSystem grid_system(const FluxOperator& op, std::span<const double> weights, double identity,
                              double c) {
  solve::GridSystem system;
  const std::size_t sites = op.sites();
  system.shift.assign(sites, 0.0);
  std::vector<char> free(sites, 0);
  for (std::size_t site = 0; site < sites; ++site) {
    if (weights[site] == 0.0) continue;
    free[site] = 1;
    const double decay = op.decay_by_site().empty() ? op.decay() : op.decay_by_site()[site];
    double walls = 0.0;
    for (int a = 0; a < op.dimensions(); ++a) walls += op.wall_rate(a, site);
    system.shift[site] = weights[site] * (identity + c * decay) + c * op.measure(site) * walls;
  }
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<std::size_t>(a);
    system.count[n] = op.count(a);
    if (a >= op.dimensions()) continue;
    system.periodic[n] = op.periodic(a);
    system.conductance[n].assign(sites, 0.0);
    for (std::size_t site = 0; site < sites; ++site) {
      const double conductance = op.conductance(a, site);
      if (conductance == 0.0) continue;
      const auto index = op.indices(site);
      const std::size_t other =
          index[n] + 1 < op.count(a) ? site + op.stride(a) : site - (op.count(a) - 1) * op.stride(a);
      const double integrated = c * conductance * op.measure(site) / op.width(a, index[n]);
      if (free[site] != 0 && free[other] != 0)
        system.conductance[n][site] = integrated;
      else if (free[site] != 0)
        system.shift[site] += integrated;
      else if (free[other] != 0)
        system.shift[other] += integrated;
    }
  }
  return system;
}

}  // namespace

const std::vector<double>& FluxDiffusion::FluxScratch::weights() {
  if (!weights_.empty()) return weights_;
  const FluxOperator& grid = fluxes();
  weights_.assign(grid.sites(), 0.0);
  for (std::size_t site = 0; site < weights_.size(); ++site)
    if (grid.is_free(site)) weights_[site] = grid.weight(site);
  return weights_;
}

double FluxDiffusion::FluxScratch::inner(std::span<const double> a, std::span<const double> b,
                                         const Step& step) const {
  return sum_over(*step.grid, step.share, step.threads, [&](std::size_t from, std::size_t to) {
    std::array<double, 4> part{};
    for (std::size_t site = from; site < to; ++site) part[site % 4] += weights_[site] * a[site] * b[site];
    return (part[0] + part[1]) + (part[2] + part[3]);
  });
}

const FluxSweeps& FluxDiffusion::FluxScratch::sweeps_for(double c) {
  for (const FluxSweeps& known : sweeps_)
    if (known.step() == c) return known;
  if (sweeps_.size() == remembered) sweeps_.pop_front();
  return sweeps_.emplace_back(fluxes(), c);
}

const FluxSweeps& FluxDiffusion::FluxScratch::line_for(double identity, double c) {
  for (const FluxSweeps& known : lines_)
    if (known.step() == c && known.identity() == identity) return known;
  if (lines_.size() == remembered) lines_.pop_front();
  return lines_.emplace_back(FluxSweeps::of_line(fluxes(), identity, c));
}

solve::GridMultigrid& FluxDiffusion::FluxScratch::multigrid_for(double identity, double c,
                                                                const Partition* share) {
  for (Preconditioner& known : preconditioners_)
    if (known.identity == identity && known.c == c) return known.multigrid;
  if (preconditioners_.size() == remembered) preconditioners_.pop_front();
  return preconditioners_
      .emplace_back(Preconditioner{
          identity, c, solve::GridMultigrid(grid_system(fluxes(), weights(), identity, c), share)})
      .multigrid;
}

solve::KrylovReport FluxDiffusion::FluxScratch::invert(double identity, double c, std::span<const double> b,
                                                       std::span<double> x, const solve::KrylovLimits& limits,
                                                       const Step& step) {
  ThreadPool& threads = step.threads;
  if (fluxes().dimensions() == 1 && !fluxes().uniform()) {
    std::copy(b.begin(), b.end(), x.begin());
    line_for(identity, c).solve(0, x, threads);
    return {.converged = true, .iterations = 1};
  }
  solve::GridMultigrid& multigrid = multigrid_for(identity, c, step.share);
  weighted_.resize(b.size());
  const SiteRange own = fluxes().kept();
  // What held sites and those outside are given is nothing that anybody asked for.
  const auto clear_rest = [&](std::span<double> out) {
    threads.for_range(own, grain, [&](std::size_t from, std::size_t to) {
      for (std::size_t site = from; site < to; ++site)
        if (weights_[site] == 0.0) out[site] = 0.0;
    });
  };
  const auto product = [&](std::span<const double> in, std::span<double> out) {
    fluxes().stage(in, {.previous = 0.0, .value = identity, .rate = -c}, out, threads);
  };
  const auto precondition = [&](std::span<const double> in, std::span<double> out) {
    threads.for_range(own, grain, [&](std::size_t from, std::size_t to) {
      for (std::size_t site = from; site < to; ++site) weighted_[site] = weights_[site] * in[site];
    });
    multigrid.apply(weighted_, out, threads);
    clear_rest(out);
  };
  const solve::KrylovShare share{own, [&](std::span<double> values) { refresh(step, values); }};
  return solver_.solve(
      product, precondition, [&](auto one, auto two) { return inner(one, two, step); }, b, x, limits, threads,
      &share);
}

}  // namespace holon::transport
