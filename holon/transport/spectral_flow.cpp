#include "holon/transport/spectral_flow.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <mutex>
#include <numbers>

#include <fftw3.h>

namespace holon::transport {

namespace {

/// FFTW's planner is not safe to use from several threads at once (its executor is).
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

struct Kinds {
  fftw_r2r_kind forward = FFTW_R2HC, backward = FFTW_HC2R;
};

}  // namespace

struct SpectralFlow::Plans {
  fftw_plan forward = nullptr, backward = nullptr;
  Plans() = default;
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
  ~Plans() {
    const std::lock_guard lock(planner());
    if (forward != nullptr) fftw_destroy_plan(forward);
    if (backward != nullptr) fftw_destroy_plan(backward);
  }
};

std::string SpectralFlow::refusal(const std::vector<Axis>& axes) {
  for (const Axis& axis : axes)
    if (axis.order == 4 && (axis.zero_value[0] || axis.zero_value[1]))
      return "the fourth-order closure at a side of given value is one-sided, so sines are not its "
             "eigenvectors; "
             "order 2 has an exact flow there";
  return "";
}

namespace {

/// The transform, its logical length, the sites that take part and the angle of each mode along one axis.
struct AxisTransform {
  Kinds kinds;
  std::size_t first = 0, count = 1;
  double normalisation = 1.0;
  std::vector<double> angle;
};

AxisTransform transform_of(const SpectralFlow::Axis& axis) {
  const std::size_t n = axis.line.count;
  const bool nodes = axis.line.arrangement == StructuredSpace::Sites::nodes;
  AxisTransform t;
  t.count = n;
  const auto modes = [&](double shift, double length) {
    for (std::size_t m = 0; m < t.count; ++m)
      t.angle.push_back(std::numbers::pi * (static_cast<double>(m) + shift) / length);
  };
  if (axis.line.periodic) {
    t.normalisation = static_cast<double>(n);
    for (std::size_t m = 0; m < n; ++m)
      t.angle.push_back(2.0 * std::numbers::pi * static_cast<double>(std::min(m, n - m)) /
                        static_cast<double>(n));
    return t;
  }
  const auto [low, high] = axis.zero_value;
  if (nodes) {
    t.first = low ? 1 : 0;
    t.count = n - (low ? 1 : 0) - (high ? 1 : 0);
    const double intervals = static_cast<double>(n - 1);
    t.normalisation = 2.0 * intervals;
    if (!low && !high) t.kinds = {FFTW_REDFT00, FFTW_REDFT00};
    if (low && high) t.kinds = {FFTW_RODFT00, FFTW_RODFT00};
    if (low && !high) t.kinds = {FFTW_RODFT01, FFTW_RODFT10};
    if (!low && high) t.kinds = {FFTW_REDFT01, FFTW_REDFT10};
    modes(low == high ? (low ? 1.0 : 0.0) : 0.5, intervals);
  } else {
    t.normalisation = 2.0 * static_cast<double>(n);
    if (!low && !high) t.kinds = {FFTW_REDFT10, FFTW_REDFT01};
    if (low && high) t.kinds = {FFTW_RODFT10, FFTW_RODFT01};
    if (low && !high) t.kinds = {FFTW_RODFT11, FFTW_RODFT11};
    if (!low && high) t.kinds = {FFTW_REDFT11, FFTW_REDFT11};
    modes(low == high ? (low ? 1.0 : 0.0) : 0.5, static_cast<double>(n));
  }
  return t;
}

}  // namespace

SpectralFlow::SpectralFlow(const std::vector<Axis>& axes) : axes_(axes) {
  require(!axes.empty() && axes.size() <= 3 && refusal(axes).empty(), "the axes have an exact flow");
  std::vector<fftw_iodim64> dims;
  std::vector<fftw_r2r_kind> forward, backward;
  std::size_t stride = 1, sites = 1;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    AxisTransform t = transform_of(axes[a]);
    if (axes[a].line.count > 1) {
      const auto step = static_cast<std::ptrdiff_t>(stride);
      dims.push_back({static_cast<std::ptrdiff_t>(t.count), step, step});
      forward.push_back(t.kinds.forward);
      backward.push_back(t.kinds.backward);
    } else {
      t.normalisation = 1.0;
      t.angle.assign(1, 0.0);
    }
    modes_[a] = {t.first, t.count, stride, t.normalisation, std::move(t.angle)};
    origin_ += t.first * stride;
    stride *= axes[a].line.count;
    sites *= axes[a].line.count;
  }
  auto plans = std::make_shared<Plans>();
  if (!dims.empty()) {
    std::vector<double> shape(sites);  // planning by estimate does not look at the numbers
    const std::lock_guard lock(planner());
    const auto plan = [&](const std::vector<fftw_r2r_kind>& kinds) {
      double* data = shape.data() + origin_;
      return fftw_plan_guru64_r2r(static_cast<int>(dims.size()), dims.data(), 0, nullptr, data, data,
                                  kinds.data(), FFTW_ESTIMATE | FFTW_UNALIGNED);
    };
    plans->forward = plan(forward);
    plans->backward = plan(backward);
    require(plans->forward != nullptr && plans->backward != nullptr, "FFTW plans every grid");
  }
  plans_ = std::move(plans);
}

SpectralFlow::Factors SpectralFlow::factors(std::span<const double> diffusivity, double decay,
                                            double dt) const {
  Factors factors;
  factors.dt = dt;
  for (std::size_t a = 0; a < 3; ++a) {
    if (a >= axes_.size()) {
      factors.axis[a].assign(1, 1.0);
      continue;
    }
    const double h = axes_[a].line.spacing;
    const double scale = (a == 0 ? std::exp(-decay * dt) : 1.0) / modes_[a].normalisation;
    for (const double theta : modes_[a].angle) {
      const double half = std::sin(0.5 * theta);
      const double s = half * half;  // 30 - 32 cos theta + 2 cos 2 theta = 16 s (3 + s), without cancellation
      const double eigenvalue = axes_[a].order == 2 ? -4.0 * diffusivity[a] / (h * h) * s
                                                    : -4.0 * diffusivity[a] / (3.0 * h * h) * s * (3.0 + s);
      factors.axis[a].push_back(scale * std::exp(eigenvalue * dt));
    }
  }
  return factors;
}

void SpectralFlow::advance(std::span<double> u, const Factors& factors) const {
  double* origin = u.data() + origin_;
  if (plans_->forward != nullptr) fftw_execute_r2r(plans_->forward, origin, origin);
  for (std::size_t k = 0; k < modes_[2].count; ++k)
    for (std::size_t j = 0; j < modes_[1].count; ++j) {
      double* row = origin + k * modes_[2].stride + j * modes_[1].stride;
      const double across = factors.axis[2][k] * factors.axis[1][j];
      for (std::size_t i = 0; i < modes_[0].count; ++i) row[i] *= across * factors.axis[0][i];
    }
  if (plans_->backward != nullptr) fftw_execute_r2r(plans_->backward, origin, origin);
}

}  // namespace holon::transport
