// The section `scales`: boxes of processes on the scale-separation map, and patterns that join them.
#include "holon/modelfile/build.hpp"

#include <algorithm>
#include <array>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

const std::vector<std::string> patterns{"interact", "call_release", "dispatch"};

class ScalesReader {
 public:
  ScalesReader(Loader& loader, const Value& root) : loader_(loader) {
    for (const auto* process : entries(root, "processes")) processes_.push_back(process->key);
  }

  void boxes(const Value& section) {
    for (const Value::Member& member : section.mapping) {
      const std::string path = "scales.boxes." + member.key;
      if (!known(member.key, member.key_place, path)) continue;
      if (member.value.kind != Value::Kind::mapping) {
        loader_.error(member.value.place, path, "is " + member.value.description(),
                      "{time: [resolution, extent], space: [resolution, extent]}");
        continue;
      }
      DeclaredScales::Box& box = loader_.model().declared_scales.boxes[member.key];
      for (const Value::Member& side : member.value.mapping) {
        const std::string at = path + "." + side.key;
        if (side.key == "time")
          box.time = interval(side.value, at, "time");
        else if (side.key == "space")
          box.space = interval(side.value, at, "length");
        else
          loader_.error(side.key_place, at, "unknown key '" + side.key + "'", "",
                        suggestion(side.key, {"time", "space"}));
      }
    }
  }

  void joints(const Value& list) {
    for (std::size_t i = 0; i < list.list.size(); ++i) {
      const Value& value = list.list[i];
      const std::string path = "scales.patterns[" + std::to_string(i) + "]";
      const Value* between = value.find("between");
      const Value* pattern = value.find("pattern");
      if (value.kind != Value::Kind::mapping || between == nullptr || pattern == nullptr ||
          between->kind != Value::Kind::list || between->list.size() != 2) {
        loader_.error(value.place, path, "does not say which two processes are joined, and how",
                      "{between: [A, B], pattern: interact}");
        continue;
      }
      DeclaredScales::Joint joint;
      bool whole = true;
      std::array<std::string*, 2> ends{&joint.one, &joint.other};
      for (std::size_t k = 0; k < 2; ++k) {
        const auto name = loader_.text(between->list[k], path + ".between");
        whole = name && known(*name, between->list[k].place, path + ".between") && whole;
        if (name) *ends[k] = *name;
      }
      const auto text = loader_.text(*pattern, path + ".pattern");
      if (text && std::find(patterns.begin(), patterns.end(), *text) == patterns.end()) {
        loader_.error(pattern->place, path + ".pattern", "there is no pattern '" + *text + "'", "",
                      suggestion(*text, patterns));
        whole = false;
      }
      joint.pattern = text.value_or("");
      if (whole && text) loader_.model().declared_scales.patterns.push_back(std::move(joint));
    }
  }

 private:
  bool known(const std::string& process, const Place& place, const std::string& path) {
    if (std::find(processes_.begin(), processes_.end(), process) != processes_.end()) return true;
    loader_.error(place, path, "there is no process '" + process + "'", "", suggestion(process, processes_));
    return false;
  }

  std::optional<std::pair<double, double>> interval(const Value& value, const std::string& path,
                                                    const std::string& dimension) {
    const Dimension needed = loader_.dimensions().at(dimension);
    if (value.kind != Value::Kind::list || value.list.size() != 2) {
      loader_.error(value.place, path, "is " + value.description(), "[resolution, extent]");
      return std::nullopt;
    }
    const auto low = loader_.quantity(value.list[0], path + "[0]", needed);
    const auto high = loader_.quantity(value.list[1], path + "[1]", needed);
    if (!low || !high) return std::nullopt;
    if (!(*low > 0.0) || !(*high >= *low)) {
      loader_.error(value.place, path, "goes from " + value.list[0].scalar + " to " + value.list[1].scalar,
                    "a positive resolution, and an extent that is not below it");
      return std::nullopt;
    }
    return std::pair(*low, *high);
  }

  Loader& loader_;
  std::vector<std::string> processes_;
};

}  // namespace

void build_scales(Loader& loader, const Value& root) {
  const Value* scales = root.find("scales");
  if (scales == nullptr || scales->kind != Value::Kind::mapping) return;
  ScalesReader reader(loader, root);
  if (const Value* boxes = scales->find("boxes")) reader.boxes(*boxes);
  if (const Value* joints = scales->find("patterns"); joints != nullptr && joints->kind == Value::Kind::list)
    reader.joints(*joints);
}

}  // namespace holon::modelfile
