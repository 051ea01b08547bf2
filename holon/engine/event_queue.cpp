#include "holon/engine/event_queue.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"

#include <string>
#include <tuple>

#include <fmt/format.h>

namespace holon {

bool earlier(const Event& a, const Event& b) {
  return std::tie(a.time, a.channel, a.site, a.source, a.source_site, a.weight) <
         std::tie(b.time, b.channel, b.site, b.source, b.source_site, b.weight);
}

namespace {

void write_list(const std::vector<Event>& events, const std::string& path, Archive& archive) {
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  for (const Event& event : events) {
    reals.insert(reals.end(), {event.time, event.weight});
    integers.insert(integers.end(),
                    {static_cast<std::int64_t>(event.channel), static_cast<std::int64_t>(event.site),
                     static_cast<std::int64_t>(event.source), static_cast<std::int64_t>(event.source_site)});
  }
  archive.put(path + "/reals", std::span<const double>(reals));
  archive.put(path + "/integers", std::span<const std::int64_t>(integers));
}

std::vector<Event> read_list(const std::string& path, const Archive& archive) {
  const auto& reals = archive.reals(path + "/reals");
  const auto& integers = archive.integers(path + "/integers");
  if (integers.size() != 2 * reals.size())
    throw InputError("the checkpoint does not have whole events in '" + path + "'");
  std::vector<Event> events(reals.size() / 2);
  for (std::size_t e = 0; e < events.size(); ++e)
    events[e] = {reals[2 * e],
                 static_cast<FieldId>(integers[4 * e]),
                 static_cast<std::size_t>(integers[4 * e + 1]),
                 reals[2 * e + 1],
                 static_cast<FieldId>(integers[4 * e + 2]),
                 static_cast<std::size_t>(integers[4 * e + 3])};
  return events;
}

}  // namespace

void EventQueue::write(Archive& archive) const {
  write_list(pending, "events/pending", archive);
  write_list(happened, "events/happened", archive);
}

void EventQueue::read(const Archive& archive) {
  pending = read_list("events/pending", archive);
  happened = read_list("events/happened", archive);
}

void write(const std::vector<DelayLine>& lines, Archive& archive) {
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const std::string path = fmt::format("delays/{}", l);
    archive.put(path + "/times", std::span<const double>(lines[l].times));
    std::vector<double> values;
    for (const auto& column : lines[l].values) values.insert(values.end(), column.begin(), column.end());
    archive.put(path + "/values", std::span<const double>(values));
  }
}

void read(std::vector<DelayLine>& lines, const Archive& archive) {
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const std::string path = fmt::format("delays/{}", l);
    const auto& times = archive.reals(path + "/times");
    const auto& values = archive.reals(path + "/values");
    const std::size_t sites = times.empty() ? 0 : values.size() / times.size();
    const std::size_t expected = lines[l].values.empty() ? sites : lines[l].values.front().size();
    if (values.size() != times.size() * sites || sites != expected)
      throw InputError("the checkpoint does not have this model's delay lines");
    lines[l].times = times;
    lines[l].values.clear();
    for (std::size_t k = 0; k < times.size(); ++k) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(k * sites);
      lines[l].values.emplace_back(from, from + static_cast<std::ptrdiff_t>(sites));
    }
  }
}

}  // namespace holon
