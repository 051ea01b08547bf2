#include "holon/transport/line_factors.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/four_doubles.hpp"

namespace holon::transport {

LineFactors::LineFactors(const AxisStencil& stencil, double c)
    : reach_(stencil.reach), count_(stencil.line.count) {
  const std::size_t border = stencil.line.periodic && count_ > 1 ? static_cast<std::size_t>(reach_) : 0;
  require(count_ > 2 * border, "a periodic line is longer than its border");
  inner_ = count_ - border;
  std::vector<std::array<double, 5>> band(inner_, std::array<double, 5>{});  // offsets -2 to 2
  std::vector<std::vector<double>> last_columns(inner_, std::vector<double>(border, 0.0));
  std::vector<std::vector<double>> last_rows(border, std::vector<double>(count_, 0.0));
  const auto put = [&](std::size_t i, std::size_t j, double value) {
    if (i >= inner_)
      last_rows[i - inner_][j] += value;
    else if (j >= inner_)
      last_columns[i][j - inner_] += value;
    else
      band[i][j + 2 - i] += value;
  };
  for (std::size_t i = 0; i < count_; ++i) {
    const StencilRow& row = stencil.rows[i];
    double diagonal = 1.0 + c * row.exchange;
    for (std::size_t k = 0; k < static_cast<std::size_t>(row.count); ++k) {
      put(i, static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + row.offset[k]),
          -c * row.coefficient[k]);
      diagonal += c * row.coefficient[k];
    }
    put(i, i, diagonal);
  }
  factor_band(std::move(band));
  if (border > 0) factor_border(last_columns, last_rows);
  if (reach_ == 1 && border == 0)
    for (const Row& row : rows_)
      tridiagonal_.push_back({row.inverse, -row.lower1, -row.upper1, 1.0 / row.inverse});
}

void LineFactors::factor_band(std::vector<std::array<double, 5>> band) {
  rows_.resize(inner_);
  for (std::size_t i = 0; i < inner_; ++i) {
    const double lower2 = i >= 2 ? band[i][0] : 0.0;
    const double lower1 = i >= 1 ? band[i][1] - (i >= 2 ? lower2 * rows_[i - 2].upper1 : 0.0) : 0.0;
    double diagonal = band[i][2];
    if (i >= 1) diagonal -= lower1 * rows_[i - 1].upper1;
    if (i >= 2) diagonal -= lower2 * rows_[i - 2].upper2;
    const double inverse = 1.0 / diagonal;
    const double upper1 = (band[i][3] - (i >= 1 ? lower1 * rows_[i - 1].upper2 : 0.0)) * inverse;
    rows_[i] = {inverse, lower1 * inverse, lower2 * inverse, upper1, band[i][4] * inverse};
  }
}

void LineFactors::factor_border(const std::vector<std::vector<double>>& last_columns,
                                const std::vector<std::vector<double>>& last_rows) {
  const std::size_t border = last_rows.size();
  border_.assign(inner_, {});
  for (std::size_t q = 0; q < border; ++q) {
    std::vector<double> z(inner_);
    for (std::size_t i = 0; i < inner_; ++i) {
      z[i] = last_columns[i][q] * rows_[i].inverse;
      if (i >= 1) z[i] -= rows_[i].lower1 * z[i - 1];
      if (i >= 2) z[i] -= rows_[i].lower2 * z[i - 2];
    }
    for (std::size_t i = inner_; i-- > 0;) {
      if (i + 1 < inner_) z[i] -= rows_[i].upper1 * z[i + 1];
      if (i + 2 < inner_) z[i] -= rows_[i].upper2 * z[i + 2];
      border_[i][q] = z[i];
    }
  }
  std::array<std::array<double, 2>, 2> schur{{{1.0, 0.0}, {0.0, 1.0}}};
  for (std::size_t r = 0; r < border; ++r)
    for (std::size_t q = 0; q < border; ++q) {
      schur[r][q] = last_rows[r][inner_ + q];
      for (std::size_t j = 0; j < inner_; ++j) schur[r][q] -= last_rows[r][j] * border_[j][q];
    }
  for (std::size_t r = 0; r < border; ++r)
    for (std::size_t j = 0; j < inner_; ++j)
      if (last_rows[r][j] != 0.0) border_rows_.push_back({r, j, last_rows[r][j]});
  const double determinant = schur[0][0] * schur[1][1] - schur[0][1] * schur[1][0];
  complement_ = {{{schur[1][1] / determinant, -schur[0][1] / determinant},
                  {-schur[1][0] / determinant, schur[0][0] / determinant}}};
}

template <int reach, LineUpdate update>
void LineFactors::solve_as(double* u, std::size_t stride, std::size_t lanes, double* __restrict work,
                           double scale) const {
  const auto finish = [scale](double& target, double v) {
    if constexpr (update == LineUpdate::replace)
      target = v;
    else
      target = scale * ((v + v) - target);
  };
  for (std::size_t i = 0; i < inner_; ++i) {
    const Row row = rows_[i];
    const double* rhs = u + i * stride;
    double* d = work + i * lanes;
    if (i == 0)
      for (std::size_t l = 0; l < lanes; ++l) d[l] = rhs[l] * row.inverse;
    else if (i == 1 || reach == 1)
      for (std::size_t l = 0; l < lanes; ++l) d[l] = rhs[l] * row.inverse - row.lower1 * d[l - lanes];
    else
      for (std::size_t l = 0; l < lanes; ++l)
        d[l] = (rhs[l] * row.inverse - row.lower1 * d[l - lanes]) - row.lower2 * d[l - 2 * lanes];
  }
  const bool bordered = inner_ < count_;
  for (std::size_t i = inner_; i-- > 0;) {
    const Row row = rows_[i];
    double* d = work + i * lanes;
    double* target = u + i * stride;
    if (i + 1 == inner_) {
      if (!bordered)
        for (std::size_t l = 0; l < lanes; ++l) finish(target[l], d[l]);
      continue;
    }
    if (reach == 1 || i + 2 == inner_) {
      if (bordered)
        for (std::size_t l = 0; l < lanes; ++l) d[l] -= row.upper1 * d[l + lanes];
      else
        for (std::size_t l = 0; l < lanes; ++l) {
          d[l] -= row.upper1 * d[l + lanes];
          finish(target[l], d[l]);
        }
    } else {
      for (std::size_t l = 0; l < lanes; ++l)
        d[l] = (d[l] - row.upper1 * d[l + lanes]) - row.upper2 * d[l + 2 * lanes];
      if (!bordered)
        for (std::size_t l = 0; l < lanes; ++l) finish(target[l], d[l]);
    }
  }
  if (!bordered) return;
  // The last sites: Schur complement times what the banded solution leaves of their rows.
  double* last = work + inner_ * lanes;
  for (std::size_t r = 0; r < reach; ++r)
    for (std::size_t l = 0; l < lanes; ++l) last[r * lanes + l] = u[(inner_ + r) * stride + l];
  for (const BorderEntry& entry : border_rows_)
    for (std::size_t l = 0; l < lanes; ++l)
      last[entry.row * lanes + l] -= entry.value * work[entry.column * lanes + l];
  for (std::size_t l = 0; l < lanes; ++l) {
    const double first = last[l];
    const double second = reach == 2 ? last[lanes + l] : 0.0;
    last[l] = complement_[0][0] * first + complement_[0][1] * second;
    if constexpr (reach == 2) last[lanes + l] = complement_[1][0] * first + complement_[1][1] * second;
  }
  for (std::size_t i = 0; i < inner_; ++i) {
    const double* d = work + i * lanes;
    double* target = u + i * stride;
    const auto z = border_[i];
    for (std::size_t l = 0; l < lanes; ++l) {
      if constexpr (reach == 1)
        finish(target[l], d[l] - z[0] * last[l]);
      else
        finish(target[l], (d[l] - z[0] * last[l]) - z[1] * last[lanes + l]);
    }
  }
  for (std::size_t r = 0; r < reach; ++r)
    for (std::size_t l = 0; l < lanes; ++l) finish(u[(inner_ + r) * stride + l], last[r * lanes + l]);
}

/// The same for `block` lines side by side (stride = lanes = block), of reach 2 and not periodic.
template <LineUpdate update>
void LineFactors::solve_block(double* u, double* __restrict work, double scale) const {
  constexpr std::size_t vectors = block / 4;
  std::array<Four, vectors> near{}, far{};  // d at the last two sites
  for (std::size_t i = 0; i < inner_; ++i) {
    const Row row = rows_[i];
    for (std::size_t q = 0; q < vectors; ++q) {
      Four d = load(u + i * block + 4 * q) * row.inverse;
      if (i >= 1) d = d - row.lower1 * near[q];
      if (i >= 2) d = d - row.lower2 * far[q];
      store(work + i * block + 4 * q, d);
      far[q] = near[q];
      near[q] = d;
    }
  }
  for (std::size_t i = inner_; i-- > 0;) {
    const Row row = rows_[i];
    for (std::size_t q = 0; q < vectors; ++q) {
      Four v = load(work + i * block + 4 * q);
      if (i + 1 < inner_) v = v - row.upper1 * near[q];
      if (i + 2 < inner_) v = v - row.upper2 * far[q];
      far[q] = near[q];
      near[q] = v;
      double* target = u + i * block + 4 * q;
      if constexpr (update == LineUpdate::replace)
        store(target, v);
      else
        store(target, scale * ((v + v) - load(target)));
    }
  }
}

void LineFactors::solve(double* u, std::size_t stride, std::size_t lanes, double* work, LineUpdate update,
                        double scale) const {
  const auto run = [&]<LineUpdate as>() {
    if (reach_ == 1)
      solve_as<1, as>(u, stride, lanes, work, scale);
    else if (stride == block && lanes == block && inner_ == count_)
      solve_block<as>(u, work, scale);
    else
      solve_as<2, as>(u, stride, lanes, work, scale);
  };
  update == LineUpdate::replace ? run.operator()<LineUpdate::replace>()
                                : run.operator()<LineUpdate::reflect>();
}

}  // namespace holon::transport
