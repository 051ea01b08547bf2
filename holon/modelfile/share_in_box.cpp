// A coefficient that is 1 in a box and 0 outside, with the part of each site's volume in between:
// {share_in_box: {space: tissue, from: [0 mm, 0 mm], to: [1.5 mm, 1.5 mm]}}.
#include "holon/space/share_in_box.hpp"

#include "holon/modelfile/loader.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

std::optional<Coefficient> Loader::share_in_box(const Value& value, const std::string& path,
                                                const std::optional<Dimension>& needed) {
  const std::vector<std::string> keys{"space", "from", "to"};
  bool whole = true;
  for (const Value::Member& member : value.mapping)
    if (member.key != "share_in_box") {
      error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'",
            "'share_in_box' alone");
      whole = false;
    }
  const Value& box = *value.find("share_in_box");
  const std::string inner = path + ".share_in_box";
  for (const Value::Member& member : box.mapping)
    if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
      error(member.key_place, inner + '.' + member.key, "unknown key '" + member.key + "'", "",
            suggestion(member.key, keys));
      whole = false;
    }
  for (const std::string& key : keys)
    if (box.find(key) == nullptr) {
      error(box.place, inner + '.' + key, "is missing",
            "{space: NAME, from: [its lower corner], to: [its upper corner]}");
      whole = false;
    }
  if (!whole || (needed && !fits(value, path, Dimension{}, *needed))) return std::nullopt;
  const Value& name = *box.find("space");
  const auto text = this->text(name, inner + ".space");
  const auto space = text ? this->space(*text, name.place, inner + ".space") : nullptr;
  if (!space) return std::nullopt;
  const auto* grid = dynamic_cast<const GridSpace*>(space.get());
  if (grid == nullptr) {
    error(name.place, inner + ".space", "'" + *text + "' is no grid", "a space of type grid");
    return std::nullopt;
  }
  const auto from = position(*box.find("from"), inner + ".from", grid->dimensions());
  const auto to = position(*box.find("to"), inner + ".to", grid->dimensions());
  if (!from || !to) return std::nullopt;
  std::vector<double> shares = holon::share_in_box(*grid, *from, *to);
  if (std::none_of(shares.begin(), shares.end(), [](double share) { return share > 0.0; })) {
    error(box.place, inner, "the box holds nothing of the space '" + *text + "'",
          "a box that meets the grid from " + grid->site_text(0) + " to " +
              grid->site_text(grid->sites() - 1) + (grid->masked() ? " where its 'where' holds" : "") +
              ", with 'from' below 'to'");
    return std::nullopt;
  }
  return Coefficient::per_site(std::move(shares));
}

}  // namespace holon::modelfile
