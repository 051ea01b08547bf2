// Spaces of type network.
#include "holon/base/error.hpp"
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/table_file.hpp"
#include "holon/space/network.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

constexpr std::int64_t most_nodes = 100'000'000;
constexpr double most_edges = 2147483648.0;  // 2^31

class NetworkReader {
 public:
  NetworkReader(Loader& loader, std::string name, const Value& value)
      : loader_(loader), name_(std::move(name)), value_(value) {}

  std::shared_ptr<const NetworkSpace> read() {
    const std::size_t errors = loader_.diagnostics().error_count();
    nodes();
    if (loader_.diagnostics().error_count() == errors) edges();
    if (loader_.diagnostics().error_count() > errors) return nullptr;
    return std::make_shared<NetworkSpace>(name_, std::move(names_), std::move(edges_),
                                          loader_.dimensions().at("length"));
  }

 private:
  std::string path(const std::string& key) const { return "spaces." + name_ + '.' + key; }

  void nodes() {
    const Value *list = value_.find("nodes"), *count = value_.find("count");
    if ((list == nullptr) == (count == nullptr)) {
      loader_.error(value_.place, "spaces." + name_,
                    list == nullptr ? "does not say which nodes it has" : "states its nodes twice",
                    "either 'nodes' or 'count'");
      return;
    }
    if (count != nullptr) {
      const auto number = loader_.integer(*count, path("count"));
      if (!number) return;
      if (*number < 1 || *number > most_nodes)
        loader_.error(count->place, path("count"), fmt::format("is {}", *number),
                      fmt::format("1 to {}", most_nodes));
      else
        for (std::int64_t n = 0; n < *number; ++n) names_.push_back(std::to_string(n));
    } else {
      for (const Value& node : list->list) {
        const auto name = loader_.text(node, path("nodes"));
        if (!name) continue;
        if (std::find(names_.begin(), names_.end(), *name) != names_.end())
          loader_.error(node.place, path("nodes"), "there are two nodes '" + *name + "'",
                        "names that differ");
        names_.push_back(*name);
      }
    }
    for (std::size_t n = 0; n < names_.size(); ++n) number_[names_[n]] = static_cast<std::uint32_t>(n);
  }

  void edges() {
    const Value* stated = value_.find("edges");
    if (stated == nullptr || stated->kind == Value::Kind::null) return;
    if (stated->kind == Value::Kind::list) {
      for (std::size_t e = 0; e < stated->list.size(); ++e)
        edge(stated->list[e], path("edges") + '[' + std::to_string(e) + ']');
      return;
    }
    const std::string expected =
        "a list of {from: NODE, to: NODE}, {file: FILE}, {probability: p} or {all_to_all: true}";
    if (stated->kind != Value::Kind::mapping) {
      loader_.error(stated->place, path("edges"), "is " + stated->description(), expected);
      return;
    }
    const std::vector<std::string> known{"file", "probability", "seed", "all_to_all"};
    for (const Value::Member& member : stated->mapping)
      if (std::find(known.begin(), known.end(), member.key) == known.end())
        loader_.error(member.key_place, path("edges") + '.' + member.key, "unknown key '" + member.key + "'",
                      "", suggestion(member.key, known));
    const Value *file = stated->find("file"), *probability = stated->find("probability"),
                *all = stated->find("all_to_all");
    if ((file != nullptr) + (probability != nullptr) + (all != nullptr) != 1) {
      loader_.error(stated->place, path("edges"), "does not say which edges there are, in one way", expected);
      return;
    }
    if (file != nullptr) {
      from_file(*file);
    } else if (probability != nullptr) {
      drawn(*stated, *probability);
    } else if (loader_.flag(*all, path("edges.all_to_all")).value_or(false) && few_enough(*all, 1.0)) {
      edges_ = random_edges(names_.size(), 1.0, 0);
    }
  }

  void edge(const Value& value, const std::string& where) {
    const Value *from = value.find("from"), *to = value.find("to");
    if (value.kind != Value::Kind::mapping || from == nullptr || to == nullptr || value.mapping.size() != 2) {
      loader_.error(value.place, where, "is " + value.description(), "{from: NODE, to: NODE}");
      return;
    }
    const auto begin = node(*from, where + ".from"), end = node(*to, where + ".to");
    if (begin && end) edges_.push_back({*begin, *end});
  }

  std::optional<std::uint32_t> node(const Value& value, const std::string& where) {
    const auto name = loader_.text(value, where);
    if (!name) return std::nullopt;
    const auto found = number_.find(*name);
    if (found != number_.end()) return found->second;
    loader_.error(value.place, where, "there is no node '" + *name + "' in '" + name_ + "'",
                  value_.find("count") != nullptr ? fmt::format("0 to {}", names_.size() - 1) : "",
                  value_.find("count") != nullptr ? "" : suggestion(*name, names_));
    return std::nullopt;
  }

  void from_file(const Value& file) {
    const auto found = loader_.file(file, path("edges.file"));
    if (!found) return;
    try {
      const TableFile table = read_table(*found);
      const std::size_t from = table.column("from"), to = table.column("to");
      if (from == table.names.size() || to == table.names.size()) {
        loader_.error(table.names.empty() ? Place{found->string(), 1, 1} : table.names.front().place,
                      path("edges.file"), "the table has no columns 'from' and 'to'",
                      "a first line with the names of the columns, such as: from,to,delay");
        return;
      }
      for (const auto& row : table.rows) {
        const auto begin = node(row[from], path("edges.file")), end = node(row[to], path("edges.file"));
        if (begin && end) edges_.push_back({*begin, *end});
      }
    } catch (const InputError& problem) { loader_.take(problem, file.place, path("edges.file")); }
  }

  void drawn(const Value& stated, const Value& probability) {
    const auto p = loader_.number(probability, path("edges.probability"));
    const Value* seed_value = stated.find("seed");
    const auto seed = seed_value != nullptr ? loader_.integer(*seed_value, path("edges.seed"))
                                            : std::optional<std::int64_t>(0);
    if (!p || !seed) return;
    if (!(*p >= 0.0 && *p <= 1.0)) {
      loader_.error(probability.place, path("edges.probability"), fmt::format("is {}", *p), "0 to 1");
      return;
    }
    if (few_enough(probability, *p))
      edges_ = random_edges(names_.size(), *p, static_cast<std::uint64_t>(*seed));
  }

  bool few_enough(const Value& value, double probability) {
    const auto nodes = static_cast<double>(names_.size());
    if (probability * nodes * nodes < most_edges) return true;
    loader_.error(value.place, path("edges"), fmt::format("makes {:.3g} edges", probability * nodes * nodes),
                  "at most 2^31 edges");
    return false;
  }

  Loader& loader_;
  std::string name_;
  const Value& value_;
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t> number_;
  std::vector<NetworkSpace::Edge> edges_;
};

}  // namespace

std::shared_ptr<const NetworkSpace> network_space(Loader& loader, const std::string& name,
                                                  const Value& value) {
  return NetworkReader(loader, name, value).read();
}

}  // namespace holon::modelfile
