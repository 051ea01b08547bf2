#include "holon/engine/state.hpp"

#include "holon/base/column_memory.hpp"
#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace holon {

ParameterId ParameterTable::add(Parameter parameter) {
  require(!by_path_.contains(parameter.path), "a parameter's path is declared once");
  const auto id = static_cast<ParameterId>(parameters_.size());
  by_path_.emplace(parameter.path, id);
  parameters_.push_back(std::move(parameter));
  return id;
}

bool ParameterTable::contains(std::string_view path) const { return by_path_.contains(path); }

ParameterId ParameterTable::id(std::string_view path) const {
  const auto found = by_path_.find(path);
  if (found == by_path_.end())
    throw InputError(fmt::format("there is no parameter '{}'; {}", path, suggestion(path, paths())));
  return found->second;
}

std::vector<std::string> ParameterTable::paths() const {
  std::vector<std::string> paths;
  paths.reserve(parameters_.size());
  for (const Parameter& parameter : parameters_) paths.push_back(parameter.path);
  return paths;
}

void CompensatedSum::add(double x) {
  const double total = sum + x;
  compensation += std::abs(sum) >= std::abs(x) ? (sum - total) + x : (x - total) + sum;
  sum = total;
}

namespace {

constexpr std::size_t line = 8;  // entries in 64 bytes
constexpr std::size_t sites_per_task = 8192;

std::size_t whole_lines(std::size_t entries) { return (entries + line - 1) / line * line; }

std::uint64_t next_arrangement() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

/// Memory for columns, with zeros in it.
class ColumnBuffer {
 public:
  explicit ColumnBuffer(std::size_t entries)
      : entries_(entries), data_(static_cast<double*>(allocate_column(entries * sizeof(double)))) {
    std::memset(data_, 0, entries_ * sizeof(double));
  }
  ~ColumnBuffer() { free_column(data_, entries_ * sizeof(double)); }
  ColumnBuffer(const ColumnBuffer&) = delete;
  ColumnBuffer& operator=(const ColumnBuffer&) = delete;
  double* data() const { return data_; }
  std::size_t entries() const { return entries_; }

 private:
  std::size_t entries_;
  double* data_;
};

}  // namespace

/// One column per field component, 8 bytes an entry. All columns of spaces that never change lie in one
/// block, those of each population in a block of its own, with room for more agents than there are.
struct State::Columns {
  struct Block {
    const Space* population = nullptr;  // null for the block of all other spaces
    std::vector<FieldId> fields;
    std::size_t sites = 0, room = 0;  // of a population
    std::uint64_t arrangement = 0;
    std::unique_ptr<ColumnBuffer> buffer, other;  // rearranging goes from one to the other
  };
  struct Where {
    std::size_t block = 0;
    std::size_t offset = 0, stride = 0;  // of the first component, and between components, in entries
    std::size_t sites = 0;
    double* data = nullptr;
  };
  const FieldTable* fields;
  std::vector<Block> blocks;
  std::vector<Where> where;

  explicit Columns(const FieldTable& table) : fields(&table), blocks(1), where(table.size()) {
    for (FieldId id = 0; id < table.size(); ++id) {
      const Space* space = table[id].space.get();
      where[id].block = space->varies() ? block_of(*space) : 0;
      where[id].sites = space->sites();
      blocks[where[id].block].fields.push_back(id);
    }
    for (Block& block : blocks) {
      if (block.population != nullptr) {
        block.sites = block.population->sites();
        block.arrangement = next_arrangement();
      }
      lay_out(block, block.sites);
    }
  }

  /// The population's block, made at its first field.
  std::size_t block_of(const Space& population) {
    for (std::size_t b = 1; b < blocks.size(); ++b)
      if (blocks[b].population == &population) return b;
    blocks.emplace_back().population = &population;
    return blocks.size() - 1;
  }
  const Block& find(const Space& population) const {
    for (const Block& block : blocks)
      if (block.population == &population) return block;
    require(false, "a state is asked for a population of its model that has fields");
    return blocks.front();
  }
  Block& find(const Space& population) {
    return const_cast<Block&>(static_cast<const Columns*>(this)->find(population));
  }

  /// Makes empty columns, those of a population with room for so many agents.
  void lay_out(Block& block, std::size_t room) {
    block.room = room;
    std::size_t at = 0, column = 0;
    for (const FieldId id : block.fields) {
      const Field& field = (*fields)[id];
      const std::size_t sites = block.population != nullptr ? room : field.space->sites();
      where[id].offset = at;
      where[id].stride = whole_lines(sites) + 3 * line;
      // Columns of a power-of-two size would meet in the same cache sets: each begins a few lines later than
      // the last.
      at += where[id].stride * static_cast<std::size_t>(field.components) + line * (1 + column++ % 7) + line;
    }
    block.buffer = std::make_unique<ColumnBuffer>(at + line);
    block.other.reset();
    point(block);
  }
  void point(const Block& block) {
    for (const FieldId id : block.fields) {
      where[id].data = block.buffer->data() + where[id].offset;
      if (block.population != nullptr) where[id].sites = block.sites;
    }
  }
  template <class Visit>
  void for_each_column(const Block& block, Visit visit) const {
    for (const FieldId id : block.fields)
      for (int c = 0; c < (*fields)[id].components; ++c)
        visit(where[id].offset + where[id].stride * static_cast<std::size_t>(c));
  }

  /// A third more room than is needed now, so that a growing population is laid out anew only now and then.
  static std::size_t room_for(std::size_t sites) { return sites + sites / 3 + 64; }

  void resize(Block& block, std::size_t sites) {
    if (sites > block.room) {
      const std::unique_ptr<ColumnBuffer> before = std::move(block.buffer);
      std::vector<std::size_t> from;
      for_each_column(block, [&](std::size_t offset) { from.push_back(offset); });
      lay_out(block, room_for(sites));
      std::size_t column = 0;
      for_each_column(block, [&](std::size_t offset) {
        std::copy_n(before->data() + from[column++], block.sites, block.buffer->data() + offset);
      });
    }
    if (sites > block.sites)
      for_each_column(block, [&](std::size_t offset) {
        std::fill_n(block.buffer->data() + offset + block.sites, sites - block.sites, 0.0);
      });
    block.sites = sites;
    block.arrangement = next_arrangement();
    point(block);
  }

  void rearrange(Block& block, std::span<const std::size_t> from, ThreadPool& threads) {
    std::unique_ptr<ColumnBuffer> before = std::move(block.buffer);
    std::vector<std::size_t> old;
    for_each_column(block, [&](std::size_t offset) { old.push_back(offset); });
    if (from.size() > block.room) {
      lay_out(block, room_for(from.size()));
    } else {
      if (!block.other) block.other = std::make_unique<ColumnBuffer>(before->entries());
      block.buffer = std::move(block.other);
      block.other = std::move(before);
    }
    const double* const source = before ? before->data() : block.other->data();
    threads.for_range(from.size(), sites_per_task, [&](std::size_t begin, std::size_t end) {
      std::size_t column = 0;
      for_each_column(block, [&](std::size_t offset) {
        const double* const in = source + old[column++];
        double* const out = block.buffer->data() + offset;
        for (std::size_t k = begin; k < end; ++k) out[k] = in[from[k]];
      });
    });
    block.sites = from.size();
    block.arrangement = next_arrangement();
    point(block);
  }

  void assign(Block& block, const Block& from) {
    if (block.population == nullptr) {
      std::memcpy(block.buffer->data(), from.buffer->data(), block.buffer->entries() * sizeof(double));
      return;
    }
    if (from.sites > block.room) lay_out(block, from.room);
    block.sites = from.sites;
    block.arrangement = from.arrangement;
    point(block);
  }
};

State::State(std::shared_ptr<const FieldTable> fields, std::shared_ptr<const ParameterTable> parameters,
             std::size_t accounts)
    : fields_(std::move(fields)),
      parameter_table_(std::move(parameters)),
      columns_(std::make_unique<Columns>(*fields_)),
      accounts_(accounts),
      ghosts_(fields_->size(), all_sites) {
  parameters_.reserve(parameter_table_->size());
  for (ParameterId id = 0; id < parameter_table_->size(); ++id)
    parameters_.push_back((*parameter_table_)[id].value);
}

State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

State State::clone() const {
  State copy(fields_, parameter_table_, accounts_.size());
  copy.assign(*this);
  return copy;
}

void State::assign(const State& other) {
  require(fields_ == other.fields_, "states that are assigned belong to one model");
  for (std::size_t b = 0; b < columns_->blocks.size(); ++b) {
    columns_->assign(columns_->blocks[b], other.columns_->blocks[b]);
    if (b == 0) continue;
    for (const FieldId id : columns_->blocks[b].fields)
      for (int c = 0; c < (*fields_)[id].components; ++c)
        std::ranges::copy(other.real(id, c), real(id, c).begin());
  }
  parameters_ = other.parameters_;
  accounts_ = other.accounts_;
  ghosts_ = other.ghosts_;
  time = other.time;
  counter = other.counter;
  seed = other.seed;
  events = other.events;
  delay_lines = other.delay_lines;
}

std::span<double> State::real(FieldId field, int component) {
  const Columns::Where& where = columns_->where[field];
  return {where.data + where.stride * static_cast<std::size_t>(component), where.sites};
}

std::span<const double> State::real(FieldId field, int component) const {
  const Columns::Where& where = columns_->where[field];
  return {where.data + where.stride * static_cast<std::size_t>(component), where.sites};
}

std::span<std::int64_t> State::integer(FieldId field, int component) {
  const auto column = real(field, component);
  return {reinterpret_cast<std::int64_t*>(column.data()), column.size()};
}

std::span<const std::int64_t> State::integer(FieldId field, int component) const {
  const auto column = real(field, component);
  return {reinterpret_cast<const std::int64_t*>(column.data()), column.size()};
}

std::span<double> State::receiving(FieldId field) {
  const auto found = collected.find(field);
  return found == collected.end() ? real(field) : std::span(found->second);
}

std::size_t State::sites(const Space& space) const {
  return space.varies() ? columns_->find(space).sites : space.sites();
}

std::uint64_t State::arrangement(const Space& space) const {
  return space.varies() ? columns_->find(space).arrangement : 0;
}

void State::resize(const Space& population, std::size_t sites) {
  require(population.varies(), "only a population is resized");
  columns_->resize(columns_->find(population), sites);
}

void State::rearrange(const Space& population, std::span<const std::size_t> from, ThreadPool& threads) {
  require(population.varies(), "only a population is rearranged");
  columns_->rearrange(columns_->find(population), from, threads);
}

std::string State::site_text(const Space& space, std::size_t site) const {
  if (space.type() != Space::Type::population) return space.site_text(site);
  const PopulationFields population = population_fields(*fields_, space);
  std::string text = fmt::format("agent {} of {}", integer(population.id)[site], space.name());
  if (!population.position) return text;
  const bool plain = space.length_dimension().dimensionless();
  for (int a = 0; a < space.dimensions(); ++a)
    text += fmt::format("{}{:.6g}", a == 0 ? " at (" : ", ",
                        real(*population.position, a)[site] * (plain ? 1.0 : 1e3));
  return text + (plain ? ")" : ") mm");
}

void State::write(Archive& archive) const {
  require(std::ranges::all_of(ghosts_, [](std::size_t sites) { return sites == all_sites; }),
          "a state that is written has the values of all ranks");
  for (FieldId id = 0; id < fields_->size(); ++id) {
    const Field& field = (*fields_)[id];
    for (int c = 0; c < field.components; ++c) {
      const std::string path = fmt::format("fields/{}/{}", field.name, c);
      if (field.type == FieldType::real)
        archive.put(path, real(id, c));
      else
        archive.put(path, integer(id, c));
    }
  }
  archive.put("parameters", std::span<const double>(parameters_));
  std::vector<double> sums;
  for (const CompensatedSum& account : accounts_)
    sums.insert(sums.end(), {account.sum, account.compensation});
  archive.put("accounts", std::span<const double>(sums));
  const std::vector<std::int64_t> clock{time.index, time.fraction.numerator, time.fraction.denominator,
                                        counter.pending_half ? 1 : 0, static_cast<std::int64_t>(seed)};
  archive.put("clock", std::span<const std::int64_t>(clock));
  std::vector<std::int64_t> counts;
  for (const WindowCount& w : counter.windows)
    counts.insert(counts.end(), {w.windows, w.evaluations, w.last, w.most});
  archive.put("windows", std::span<const std::int64_t>(counts));
  events.write(archive);
  holon::write(delay_lines, archive);
}

void State::read(const Archive& archive) {
  for (Columns::Block& block : columns_->blocks)
    if (block.population != nullptr)
      columns_->resize(block,
                       archive.integers(fmt::format("fields/{}.id/0", block.population->name())).size());
  for (FieldId id = 0; id < fields_->size(); ++id) {
    const Field& field = (*fields_)[id];
    for (int c = 0; c < field.components; ++c) {
      const std::string path = fmt::format("fields/{}/{}", field.name, c);
      const auto copy = [&](const auto& from, auto to) {
        if (from.size() != to.size())
          throw InputError(fmt::format("the checkpoint holds {} values of field '{}', the model {}",
                                       from.size(), field.name, to.size()));
        std::copy(from.begin(), from.end(), to.begin());
      };
      if (field.type == FieldType::real)
        copy(archive.reals(path), real(id, c));
      else
        copy(archive.integers(path), integer(id, c));
    }
  }
  const auto& parameters = archive.reals("parameters");
  const auto& sums = archive.reals("accounts");
  const auto& clock = archive.integers("clock");
  if (parameters.size() != parameters_.size() || sums.size() != 2 * accounts_.size() || clock.size() != 5)
    throw InputError("the checkpoint does not have this model's parameters, accounts and clock");
  parameters_ = parameters;
  std::ranges::fill(ghosts_, all_sites);
  for (std::size_t a = 0; a < accounts_.size(); ++a) accounts_[a] = {sums[2 * a], sums[2 * a + 1]};
  time = {clock[0], {clock[1], clock[2]}};
  counter.pending_half = clock[3] != 0;
  seed = static_cast<std::uint64_t>(clock[4]);
  const auto& counts = archive.integers("windows");
  if (counts.size() != 4 * counter.windows.size())
    throw InputError("the checkpoint does not have this model's iterated windows");
  for (std::size_t w = 0; w < counter.windows.size(); ++w)
    counter.windows[w] = {counts[4 * w], counts[4 * w + 1], counts[4 * w + 2], counts[4 * w + 3]};
  events.read(archive);
  holon::read(delay_lines, archive);
}

}  // namespace holon
