// A step of an exchange: all sites are solved, and what moved is entered in the books.
#include "holon/transport/exchange_scratch.hpp"
#include "holon/transport/four_doubles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace holon::transport {

namespace {

constexpr std::size_t grain = 2048, blocks_together = 8;

/// Four sums side by side that keep their rounding errors (Knuth's two-sum).
class FourSums {
 public:
  void add(const Four& x) {
    const Four next = total_ + x, z = next - total_;
    error_ += (total_ - (next - z)) + (x - z);
    total_ = next;
  }
  void add_to(CompensatedSum& sum) const {
    for (int lane = 0; lane < 4; ++lane) {
      sum.add(total_[lane]);
      sum.add(error_[lane]);
    }
  }

 private:
  Four total_{}, error_{};
};

/// Sum of term(k) for k in [0, count), the same for any number of threads.
template <class Term>
double sum_of(std::size_t count, ThreadPool& threads, Term term) {
  return threads.sum(count, grain, [&](std::size_t begin, std::size_t end) {
    FourSums sums;
    std::size_t k = begin;
    for (; k + 4 <= end; k += 4) sums.add(Four{term(k), term(k + 1), term(k + 2), term(k + 3)});
    CompensatedSum all;
    for (; k < end; ++k) all.add(term(k));
    sums.add_to(all);
    return all.value();
  });
}

/// Sum over points of term(point, what it senses of c).
template <class Term>
double sum_over_points(const PointSampling& sampling, std::span<const double> c, ThreadPool& threads,
                       Term term) {
  if (const PointTents* tents = sampling.tents()) {
    const auto all = tents->tents();
    return sum_of(all.size(), threads,
                  [&](std::size_t k) { return term(all[k].point, tents->sense(all[k], c.data())); });
  }
  const SparseMap::Rows& rows = sampling.rows();
  return sum_of(rows.rows(), threads, [&](std::size_t i) {
    double sensed = 0.0;
    for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e)
      sensed += rows.weight[e] * c[rows.site[e]];
    return term(i, sensed);
  });
}

/// A site for coefficients that stay as they are: its value after the step and the mean over it.
struct Exact {
  double value, mean;
};
Exact exact_step(double c, double gain, double loss) {
  // phi = (1 - e^{-x})/x, and (1 - phi)/x by its series where x is small.
  const double fade = -std::expm1(-loss);
  const double phi = loss > 0.0 ? fade / loss : 1.0;
  const double rest = loss > 1e-4 ? (1.0 - phi) / loss : 0.5 - loss / 6.0 + loss * loss / 24.0;
  return {(1.0 - fade) * c + phi * gain, phi * c + rest * gain};
}

/// What a block's sites do in a step.
struct Line {
  double* c;
  double* mean;           ///< null: backward Euler
  const double* volume;   ///< null: all that of the first
  const double* taken;    ///< K; null: nobody takes
  const double* given;    ///< S; null: nobody gives
  double dt, same_share;  ///< dt/V where it is the same
};

/// Solves up to four neighbouring sites; returns S - K c^ of each.
template <bool takes, bool gives, bool equal>
inline Four backward_euler(const Line& line, std::size_t k) {
  const Four share = equal ? Four{} + line.same_share : line.dt / load(line.volume + k);
  Four c = load(line.c + k), gained{};
  if constexpr (gives) {
    gained = load(line.given + k);
    c += share * gained;
  }
  if constexpr (takes) {
    const Four taken = load(line.taken + k);
    c /= 1.0 + share * taken;
    gained -= taken * c;
  }
  store(line.c + k, c);
  return gained;
}

template <bool takes, bool gives, bool equal>
void solve_line(const Line& line, std::size_t count, FourSums& gained) {
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) gained.add(backward_euler<takes, gives, equal>(line, k));
  if (k == count) return;
  // The rest among sites that hold nothing and change nothing.
  const auto rest = [&](const double* from, double other) {
    std::array<double, 4> part{other, other, other, other};
    if (from != nullptr) std::copy(from + k, from + count, part.begin());
    return part;
  };
  auto c = rest(line.c, 0.0);
  const auto volume = rest(line.volume, 1.0), taken = rest(line.taken, 0.0), given = rest(line.given, 0.0);
  gained.add(backward_euler<takes, gives, equal>(
      {c.data(), nullptr, volume.data(), taken.data(), given.data(), line.dt, line.same_share}, 0));
  std::copy_n(c.begin(), count - k, line.c + k);
}

void solve_line_exactly(const Line& line, std::size_t count, FourSums& gained) {
  for (std::size_t k = 0; k < count; ++k) {
    const double given = line.given != nullptr ? line.given[k] : 0.0;
    const double taken = line.taken != nullptr ? line.taken[k] : 0.0;
    const double share = line.volume != nullptr ? line.dt / line.volume[k] : line.same_share;
    const Exact after = exact_step(line.c[k], share * given, share * taken);
    line.c[k] = after.value;
    line.mean[k] = after.mean;
    gained.add(Four{given - taken * after.mean, 0.0, 0.0, 0.0});
  }
}

}  // namespace

/// Amounts that a step moves, in field unit times measure.
struct Exchange::Book {
  double uptake = 0.0, secretion = 0.0;
};

double Exchange::solve(std::span<double> c, double dt, ExchangeScratch& scratch, ThreadPool& threads) const {
  if (options_.integrator == ExchangeIntegrator::exact) scratch.mean.resize(c.size());
  const bool tents = std::ranges::all_of(
      scratch.rates, [](const Rates& rates) { return rates.known.sampling->tents() != nullptr; });
  return tents ? solve_blocks(c, dt, scratch, threads) : solve_columns(c, dt, scratch, threads);
}

double Exchange::solve_blocks(std::span<double> c, double dt, ExchangeScratch& scratch,
                              ThreadPool& threads) const {
  const bool exact = options_.integrator == ExchangeIntegrator::exact;
  // Blocks are a matter of the grid alone: all members have the same.
  const PointTents& blocks = *scratch.rates.front().known.sampling->tents();
  const auto volume = scratch.contents();
  const bool equal = scratch.capacities.empty() &&
                     options_.members.front().points->grid().arrangement() == GridSpace::Sites::cells;
  const auto any = [&](bool Rates::* what) {
    return std::ranges::any_of(scratch.rates, [&](const Rates& rates) { return rates.*what; });
  };
  const bool takes = any(&Rates::takes), gives = any(&Rates::gives);
  const auto lines = [&](auto solve_one) {
    return dt * threads.sum(blocks.blocks(), blocks_together, [&](std::size_t begin, std::size_t end) {
      std::array<double, PointTents::largest_column> taken, given;
      FourSums gained;
      for (std::size_t block = begin; block < end; ++block) {
        if (std::ranges::none_of(scratch.rates, [&](const Rates& rates) {
              return rates.known.sampling->tents()->reached(block);
            }))
          continue;
        if (takes) std::fill_n(taken.begin(), blocks.column_size(), 0.0);
        if (gives) std::fill_n(given.begin(), blocks.column_size(), 0.0);
        for (const Rates& rates : scratch.rates) {
          const PointTents& tents = *rates.known.sampling->tents();
          if (rates.takes) tents.gather(block, rates.clearance.values(), taken.data());
          if (rates.gives) tents.gather(block, rates.secretion.values(), given.data());
        }
        blocks.each_line(block, [&](std::size_t site, std::size_t at, std::size_t count) {
          solve_one({c.data() + site, exact ? scratch.mean.data() + site : nullptr,
                     equal ? nullptr : volume.data() + site, takes ? taken.data() + at : nullptr,
                     gives ? given.data() + at : nullptr, dt, dt / volume.front()},
                    count, gained);
        });
      }
      CompensatedSum all;
      gained.add_to(all);
      return all.value();
    });
  };
  const auto with = [&](auto both, auto one) {
    return [&, both, one](const Line& line, std::size_t count, FourSums& gained) {
      constexpr bool t = decltype(both)::value, g = decltype(one)::value;
      if (line.volume == nullptr)
        solve_line<t, g, true>(line, count, gained);
      else
        solve_line<t, g, false>(line, count, gained);
    };
  };
  if (exact) return lines(solve_line_exactly);
  if (takes && gives) return lines(with(std::true_type{}, std::true_type{}));
  if (takes) return lines(with(std::true_type{}, std::false_type{}));
  return gives ? lines(with(std::false_type{}, std::true_type{})) : 0.0;
}

double Exchange::solve_columns(std::span<double> c, double dt, ExchangeScratch& scratch,
                               ThreadPool& threads) const {
  const bool exact = options_.integrator == ExchangeIntegrator::exact;
  const auto volume = scratch.contents();
  // Returns the gain of the site.
  const auto solve_site = [&](std::size_t site, double secretion, double clearance) {
    const double share = dt / volume[site];
    double mean = 0.0;
    if (exact) {
      const Exact after = exact_step(c[site], share * secretion, share * clearance);
      c[site] = after.value;
      mean = scratch.mean[site] = after.mean;
    } else {
      mean = c[site] = (c[site] + share * secretion) / (1.0 + share * clearance);
    }
    return dt * (secretion - clearance * mean);
  };
  if (options_.members.size() == 1) {
    const Rates& rates = scratch.rates.front();
    const SparseMap::Columns& columns = rates.known.sampling->columns();
    return threads.sum(columns.touched.size(), grain, [&](std::size_t begin, std::size_t end) {
      CompensatedSum gained;
      for (std::size_t k = begin; k < end; ++k) {
        double clearance = 0.0, secretion = 0.0;
        for (std::size_t e = columns.begin[k]; e < columns.begin[k + 1]; ++e) {
          clearance += columns.weight[e] * rates.clearance[columns.row[e]];
          secretion += columns.weight[e] * rates.secretion[columns.row[e]];
        }
        gained.add(solve_site(columns.touched[k], secretion, clearance));
      }
      return gained.value();
    });
  }
  scratch.clearance.assign(c.size(), 0.0);
  scratch.secretion.assign(c.size(), 0.0);
  for (const Rates& rates : scratch.rates) {
    const SparseMap::Columns& columns = rates.known.sampling->columns();
    threads.for_range(columns.touched.size(), grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        for (std::size_t e = columns.begin[k]; e < columns.begin[k + 1]; ++e) {
          scratch.clearance[columns.touched[k]] += columns.weight[e] * rates.clearance[columns.row[e]];
          scratch.secretion[columns.touched[k]] += columns.weight[e] * rates.secretion[columns.row[e]];
        }
    });
  }
  return threads.sum(c.size(), 4 * grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum gained;
    for (std::size_t site = begin; site < end; ++site)
      if (scratch.secretion[site] != 0.0 || scratch.clearance[site] != 0.0)
        gained.add(solve_site(site, scratch.secretion[site], scratch.clearance[site]));
      else if (exact)
        scratch.mean[site] = c[site];
    return gained.value();
  });
}

Exchange::Book Exchange::book(State& state, std::size_t member, double dt, ExchangeScratch& scratch,
                              ThreadPool& threads) const {
  const ExchangeOptions::Member& options = options_.members[member];
  const Rates& rates = scratch.rates[member];
  const PointSampling& sampling = *rates.known.sampling;
  const std::size_t points = sampling.to_sites();
  Book book;
  if (rates.gives)
    book.secretion =
        dt * (rates.secretion.each.empty()
                  ? static_cast<double>(points) * rates.secretion.same
                  : sum_of(points, threads, [&](std::size_t i) { return rates.secretion.each[i]; }));
  if (!rates.takes && !options.given) return book;
  const std::span<const double> c = options_.integrator == ExchangeIntegrator::exact
                                        ? std::span<const double>(scratch.mean)
                                        : std::as_const(state).real(options_.field);
  const auto taken = options.taken ? state.real(*options.taken) : std::span<double>();
  const auto given = options.given ? state.real(*options.given) : std::span<double>();
  const double factor = options.taken ? dt * per_store(*options.taken) : 0.0;
  const double* const again = rates.recaptured.empty() ? nullptr : rates.recaptured.data();
  const auto enter = [&](auto clearance) {
    return dt * sum_over_points(sampling, c, threads, [&](std::size_t i, double sensed) {
             const double amount = clearance(i) * sensed;  // per time
             if (!given.empty()) given[i] = rates.secretion[i] - amount;
             const double all = again != nullptr ? amount + again[i] : amount;
             if (!taken.empty()) taken[i] += factor * all;
             return all;
           });
  };
  book.uptake = rates.clearance.each.empty()
                    ? enter([same = rates.clearance.same](std::size_t) { return same; })
                    : enter([each = rates.clearance.each.data()](std::size_t i) { return each[i]; });
  if (again != nullptr)
    book.secretion += dt * sum_of(points, threads, [&](std::size_t i) { return again[i]; });
  return book;
}

Outcome Exchange::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  ExchangeScratch& scratch = this->scratch(work);
  ThreadPool& threads = *work.threads;
  const double dt = interval.dt();
  const double time = interval.t0() + (options_.integrator == ExchangeIntegrator::exact ? 0.5 * dt : dt);
  if (auto fault = evaluate(state, time, scratch, threads))
    return {Outcome::Why::failed, interval.begin, 0.0, std::move(*fault)};
  const double gained = solve(state.real(options_.field), dt, scratch, threads);
  std::size_t account = 0;
  double given = 0.0, moved = 0.0;
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    const Book book = this->book(state, m, dt, scratch, threads);
    given += book.secretion - book.uptake;
    moved += book.secretion + book.uptake;
    if (accounts().empty()) continue;
    const ExchangeOptions::Member& member = options_.members[m];
    if (!(*fields_)[options_.field].conserved.empty()) {
      state.account(accounts()[account++]).add(-book.uptake);
      state.account(accounts()[account++]).add(book.secretion);
    }
    if (member.taken && !(*fields_)[*member.taken].conserved.empty())
      state.account(accounts()[account++]).add(book.uptake * per_store(*member.taken));
  }
  if (!(*fields_)[options_.field].conserved.empty())
    for (const double amount : {given, gained, moved}) state.account(accounts()[account++]).add(amount);
  ++work.counters.steps;
  return {Outcome::Why::done, interval.end, std::numeric_limits<double>::infinity(), {}};
}

}  // namespace holon::transport
