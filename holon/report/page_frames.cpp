#include "holon/base/error.hpp"
#include "holon/report/page_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace holon::report {

namespace {

constexpr std::size_t fewest_frames = 48;  // below this an animation stutters: then sites are left out
constexpr double top = 65534.0;
constexpr std::uint16_t not_a_number = 65535;

/// Which frames and which sites are kept: every `stride`-th along each axis.
struct Thinning {
  std::vector<std::size_t> frames;
  std::size_t stride = 1;
};

std::size_t sites_kept(const Image& image, std::size_t stride) {
  std::size_t sites = 1;
  for (const std::size_t count : image.count) sites *= (count + stride - 1) / stride;
  return sites;
}

/// Keeps `most` values a column: first fewer frames, then fewer sites, then fewer frames again.
Thinning thinning(const Image& image, std::size_t frames, std::size_t most) {
  Thinning out;
  const std::size_t wanted = std::min(frames, fewest_frames);
  while (sites_kept(image, out.stride) * wanted > most && sites_kept(image, out.stride) > 4096) ++out.stride;
  const std::size_t kept =
      std::clamp<std::size_t>(most / sites_kept(image, out.stride), 1, std::max<std::size_t>(frames, 1));
  for (std::size_t k = 0; k < kept; ++k)
    out.frames.push_back(kept == 1 ? frames - 1 : k * (frames - 1) / (kept - 1));
  return out;
}

std::vector<double> strided(const Image& image, const std::vector<double>& values, std::size_t stride) {
  if (stride == 1) return values;
  std::vector<double> out;
  for (std::size_t k = 0; k < image.count[2]; k += stride)
    for (std::size_t j = 0; j < image.count[1]; j += stride)
      for (std::size_t i = 0; i < image.count[0]; i += stride)
        out.push_back(values[i + image.count[0] * (j + image.count[1] * k)]);
  return out;
}

/// The values of one column over all kept frames as 16-bit numbers between the extremes.
nlohmann::json animation(const std::string& name, const std::string& unit,
                         const std::vector<std::vector<double>>& frames) {
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (const std::vector<double>& frame : frames)
    for (const double value : frame)
      if (std::isfinite(value)) {
        least = std::min(least, value);
        greatest = std::max(greatest, value);
      }
  if (!(least <= greatest)) least = greatest = 0.0;
  const double scale = greatest > least ? top / (greatest - least) : 0.0;
  std::string bytes;
  for (const std::vector<double>& frame : frames)
    for (const double value : frame) {
      const std::uint16_t level = std::isfinite(value)
                                      ? static_cast<std::uint16_t>(std::lround((value - least) * scale))
                                      : not_a_number;
      bytes += static_cast<char>(level & 255U);
      bytes += static_cast<char>(level >> 8U);
    }
  return {
      {"name", name}, {"unit", unit}, {"least", least}, {"greatest", greatest}, {"frames", base64(bytes)}};
}

nlohmann::json one_list(const OutputFolder& folder, const FrameList& list, std::size_t most) {
  const Image first = folder.frame(list.files.front());
  const Thinning kept =
      thinning(first, list.files.size(), most / std::max<std::size_t>(first.columns.size(), 1));
  nlohmann::json times = nlohmann::json::array();
  std::vector<std::vector<std::vector<double>>> values(first.columns.size());
  for (const std::size_t number : kept.frames) {
    const Image image = folder.frame(list.files[number]);
    if (image.count != first.count || image.columns.size() != first.columns.size())
      throw InputError("'" + list.files[number].string() + "' has another grid or other fields than '" +
                       list.files.front().string() + "'");
    times.push_back(image.time);
    for (std::size_t c = 0; c < values.size(); ++c)
      values[c].push_back(strided(image, image.columns[c].values, kept.stride));
  }
  nlohmann::json columns = nlohmann::json::array();
  for (std::size_t c = 0; c < values.size(); ++c)
    columns.push_back(animation(first.columns[c].name, first.columns[c].unit, values[c]));
  std::array<std::size_t, 3> count = first.count;
  std::array<double, 3> spacing = first.spacing;
  for (std::size_t a = 0; a < 3; ++a) {
    count[a] = (count[a] + kept.stride - 1) / kept.stride;
    spacing[a] *= static_cast<double>(kept.stride);
  }
  // Middles of shells, which differ in width.
  nlohmann::json radii = nlohmann::json::array();
  for (std::size_t i = 0; i + 1 < first.radii.size(); i += kept.stride)
    radii.push_back(0.5 * (first.radii[i] + first.radii[i + 1]));
  std::string note;
  if (kept.frames.size() < list.files.size())
    note = std::to_string(kept.frames.size()) + " of " + std::to_string(list.files.size()) + " frames";
  if (kept.stride > 1)
    note += (note.empty() ? "" : "; ") + std::string("one of ") + std::to_string(kept.stride) +
            " sites along each axis";
  return {{"name", list.name},
          {"dimensions", first.dimensions},
          {"count", count},
          {"spacing", spacing},
          {"origin", first.origin},
          {"length_unit", first.length_unit},
          {"radii", std::move(radii)},
          {"times", std::move(times)},
          {"time_unit", first.time_unit},
          {"note", note},
          {"columns", std::move(columns)}};
}

}  // namespace

nlohmann::json frames_data(const OutputFolder& folder, const PageBudget& budget) {
  const std::vector<FrameList> lists = folder.frame_lists();
  nlohmann::json out = nlohmann::json::array();
  for (const FrameList& list : lists)
    // Agents have pictures of their own.
    if (!list.files.empty() && list.files.front().extension() == ".vti")
      out.push_back(one_list(folder, list, budget.frame_values / lists.size()));
  return out;
}

}  // namespace holon::report
