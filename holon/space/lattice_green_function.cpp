#include "holon/space/lattice_green_function.hpp"

#include "holon/base/error.hpp"
#include "holon/space/gauss_legendre.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holon {

namespace {

constexpr double pi = std::numbers::pi;

/// From here on the asymptotic series has all digits: each term is about n^2/(2 z k) of the one before.
double asymptotic_from(int most) { return 300.0 + 4.0 * most * most; }

/// e^{-z} I_n(z) (2 pi z)^{1/2} - 1 for large z: Abramowitz & Stegun 9.7.1.
double asymptotic_excess(double z, int n) {
  const double mu = 4.0 * n * n;
  double term = 1.0, sum = 0.0;
  for (int k = 1; k < 40; ++k) {
    const double odd = 2.0 * k - 1.0;
    term *= -(mu - odd * odd) / (8.0 * z * k);
    sum += term;
    if (std::abs(term) < 1e-17 * std::abs(sum)) break;
  }
  return sum;
}

/// e^{-z} I_0(z) - 1 for small z.
double small_excess(double z) {
  double term = 1.0, bessel = 0.0;  // I_0 - 1
  for (int k = 1; k < 40; ++k) {
    term *= 0.25 * z * z / (k * k);
    bessel += term;
    if (term < 1e-18 * bessel) break;
  }
  return std::expm1(-z) * (1.0 + bessel) + bessel;
}

}  // namespace

std::vector<double> scaled_bessel_i(double z, int most) {
  std::vector<double> values(static_cast<std::size_t>(most) + 1, 0.0);
  if (z == 0.0) {
    values[0] = 1.0;
    return values;
  }
  if (z >= asymptotic_from(most)) {
    for (int n = 0; n <= most; ++n)
      values[static_cast<std::size_t>(n)] = (1.0 + asymptotic_excess(z, n)) / std::sqrt(2.0 * pi * z);
    return values;
  }
  // Miller's backward recurrence, normalised by e^{-z} (I_0 + 2 sum I_n) = 1: from an order at which I_n is
  // below round-off of I_0 (about e^{-n^2/(2 z)} for n < z).
  const int start = most + 30 + static_cast<int>(std::ceil(9.0 * std::sqrt(z)));
  double above = 0.0, here = 1e-290, sum = 0.0;
  for (int n = start; n >= 0; --n) {
    if (n <= most) values[static_cast<std::size_t>(n)] = here;
    sum += n == 0 ? here : 2.0 * here;
    if (n == 0) break;
    const double below = above + 2.0 * n / z * here;
    above = here;
    here = below;
    if (here > 1e250) {
      constexpr double scale = 1e-280;
      here *= scale;
      above *= scale;
      sum *= scale;
      for (double& value : values) value *= scale;
    }
  }
  for (double& value : values) value /= sum;
  return values;
}

LatticeGreenFunction::LatticeGreenFunction(const DiffusiveMedium& medium, int reach)
    : medium_(medium), reach_(reach), side_(static_cast<std::size_t>(reach) + 1) {
  require(medium.dimensions >= 1 && medium.dimensions <= 3 && reach >= 0, "a lattice has 1 to 3 axes");
  const auto axes = static_cast<std::size_t>(medium.dimensions);
  std::array<double, 3> rate{};  // D/h^2 [1/time]
  double slowest = std::numeric_limits<double>::infinity(), fastest = 0.0;
  for (std::size_t a = 0; a < axes; ++a) {
    rate[a] = medium.diffusivity[a] / (medium.spacing[a] * medium.spacing[a]);
    require(rate[a] > 0.0 && std::isfinite(rate[a]), "a medium has positive diffusivities and spacings");
    slowest = std::min(slowest, rate[a]);
    fastest = std::max(fastest, rate[a]);
  }
  if (axes == 2) reference_radius_ = std::sqrt(medium.spacing[0] * medium.spacing[1]);
  const std::size_t ny = axes > 1 ? side_ : 1, nz = axes > 2 ? side_ : 1;
  table_.assign(side_ * ny * nz, 0.0);

  const double mean = mean_diffusivity();
  // (4 pi D t)^{axes/2} times the continuum's heat kernel between the reference and itself.
  const auto reference = [&](double t) {
    if (axes != 2) return axes == 1 ? 1.0 : 0.0;
    const double z = reference_radius_ * reference_radius_ / (2.0 * mean * t);
    return scaled_bessel_i(z, 0)[0];
  };
  const auto tabulate = [&](double faded, const std::array<std::vector<double>, 3>& line, auto&& product) {
    std::size_t at = 0;
    for (std::size_t z = 0; z < nz; ++z)
      for (std::size_t y = 0; y < ny; ++y)
        for (std::size_t x = 0; x < side_; ++x)
          table_[at++] += faded * product(line[0][x], line[1][y], line[2][z]);
  };
  const auto spread = [&](double t) { return std::pow(4.0 * pi * mean * t, -0.5 * medium_.dimensions); };
  const auto add = [&](double t, double weight) {
    std::array<std::vector<double>, 3> line{{{1.0}, {1.0}, {1.0}}};
    for (std::size_t a = 0; a < axes; ++a) {
      line[a] = scaled_bessel_i(2.0 * rate[a] * t, reach_);
      for (double& value : line[a]) value /= medium_.spacing[a];
    }
    const double continuum = axes == 3 ? 0.0 : spread(t) * reference(t);
    tabulate(weight * std::exp(-medium_.decay * t), line,
             [&](double x, double y, double z) { return x * y * z - continuum; });
  };
  // At late times both differ little from (4 pi D t)^{-axes/2}: their excesses are subtracted.
  const auto add_late = [&](double t, double weight) {
    std::array<std::vector<double>, 3> excess{{{0.0}, {0.0}, {0.0}}};
    for (std::size_t a = 0; a < axes; ++a) {
      excess[a].clear();
      for (int n = 0; n <= reach_; ++n) excess[a].push_back(asymptotic_excess(2.0 * rate[a] * t, n));
    }
    double continuum = axes == 3 ? -1.0 : 0.0;
    if (axes == 2) continuum = small_excess(reference_radius_ * reference_radius_ / (2.0 * mean * t));
    tabulate(weight * spread(t) * std::exp(-medium_.decay * t), excess, [&](double x, double y, double z) {
      return (x + y + z + x * y + y * z + z * x + x * y * z) - continuum;
    });
  };
  const GaussLegendre rule(24);
  const auto panel = [&](double low, double high, auto&& take) {
    for (std::size_t k = 0; k < rule.node.size(); ++k)
      take(0.5 * (low + high) + 0.5 * (high - low) * rule.node[k], 0.5 * (high - low) * rule.weight[k]);
  };
  // t = y^2 up to T, beyond which every Bessel function is its asymptotic series; t = 1/s^2 from there on.
  const double last = std::sqrt(asymptotic_from(reach_) / (2.0 * slowest));
  double low = 0.0, high = 1e-4 / std::sqrt(fastest);
  while (low < last) {
    panel(low, high, [&](double y, double weight) { add(y * y, 2.0 * y * weight); });
    low = high;
    high = std::min(1.5 * high, last);
  }
  double outer = 1.0 / last;
  constexpr int late_panels = 20;
  for (int p = 1; p <= late_panels; ++p) {
    const double inner = p == late_panels ? 0.0 : 0.5 * outer;
    panel(inner, outer,
          [&](double s, double weight) { add_late(1.0 / (s * s), 2.0 * weight / (s * s * s)); });
    outer = inner;
  }
}

double LatticeGreenFunction::operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
  const auto at = [&](std::int64_t l) { return static_cast<std::size_t>(l < 0 ? -l : l); };
  require(at(x) < side_ && at(y) < side_ && at(z) < side_,
          "a lattice Green function is asked within its reach");
  return table_[at(x) + side_ * (at(y) + side_ * at(z))];
}

double LatticeGreenFunction::mean_diffusivity() const {
  double product = 1.0;
  for (int a = 0; a < medium_.dimensions; ++a) product *= medium_.diffusivity[static_cast<std::size_t>(a)];
  return std::pow(product, 1.0 / medium_.dimensions);
}

double LatticeGreenFunction::surface_field(double radius) const {
  const double d = mean_diffusivity(), k = medium_.decay;
  if (medium_.dimensions == 3) return 1.0 / (4.0 * pi * d * radius * (1.0 + radius * std::sqrt(k / d)));
  if (k == 0.0)
    return medium_.dimensions == 2 ? std::log(reference_radius_ / radius) / (2.0 * pi * d)
                                   : -radius / (2.0 * d);
  const double depth = std::sqrt(d / k), x = radius / depth, x0 = reference_radius_ / depth;
  if (medium_.dimensions == 1) return 0.0;  // both are lambda / (2 D)
  return std::cyl_bessel_k(0.0, x) / (2.0 * pi * d * x * std::cyl_bessel_k(1.0, x)) -
         std::cyl_bessel_i(0.0, x0) * std::cyl_bessel_k(0.0, x0) / (2.0 * pi * d);
}

}  // namespace holon
