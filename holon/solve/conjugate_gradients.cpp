#include "holon/solve/conjugate_gradients.hpp"

#include <algorithm>
#include <cmath>

namespace holon::solve {

namespace {

constexpr std::size_t grain = 8192;

}  // namespace

KrylovReport ConjugateGradients::solve(const Apply& op, const Apply& preconditioner,
                                       const InnerProduct& inner, std::span<const double> b,
                                       std::span<double> x, const KrylovLimits& limits, ThreadPool& threads,
                                       const KrylovShare* share) {
  for (std::vector<double>& column : column_) column.assign(b.size(), 0.0);
  const std::span<double> r = column_[0], z = column_[1], p = column_[2], q = column_[3];
  const SiteRange own = share != nullptr ? share->own : SiteRange{0, b.size()};
  const auto multiply = [&](std::span<double> in, std::span<double> out) {
    if (share != nullptr) share->refresh(in);
    op(in, out);
  };
  const auto each = [&](auto&& body) {
    threads.for_range(own, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) body(i);
    });
  };
  KrylovReport report;
  const double whole = std::sqrt(std::max(0.0, inner(b, b)));
  if (whole <= limits.absolute) {
    std::fill(x.begin(), x.end(), 0.0);
    report.converged = true;
    return report;
  }
  multiply(x, q);
  each([&](std::size_t i) { r[i] = b[i] - q[i]; });
  report.residual = std::sqrt(std::max(0.0, inner(r, r))) / whole;
  double product = 0.0;
  while (!(report.residual <= limits.tolerance || report.residual * whole <= limits.absolute)) {
    if (report.iterations == limits.most_iterations || !std::isfinite(report.residual)) return report;
    preconditioner(r, z);
    const double next = inner(r, z), beta = report.iterations == 0 ? 0.0 : next / product;
    product = next;
    each([&](std::size_t i) { p[i] = z[i] + beta * p[i]; });
    multiply(p, q);
    const double curvature = inner(p, q);
    if (!(curvature > 0.0) || !(product > 0.0)) return report;
    const double step = product / curvature;
    each([&](std::size_t i) {
      x[i] += step * p[i];
      r[i] -= step * q[i];
    });
    ++report.iterations;
    report.residual = std::sqrt(std::max(0.0, inner(r, r))) / whole;
  }
  report.converged = true;
  return report;
}

}  // namespace holon::solve
