// What {iterate: {...}} in a schedule says, but for its nodes.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/validate.hpp"

#include <cmath>

namespace holon::modelfile {

using Value = Document::Value;

IterateOptions read_iterate(Loader& loader, const Value& value, const std::string& path) {
  IterateOptions options;
  validate(loader, value, iterate_schema(), path, loader.dimensions(), Phase::keys);
  const Section section(loader, &value, &iterate_schema(), path, loader.dimensions());
  using Acceleration = solve::FixedPointOptions::Acceleration;
  const std::string name = section.text("acceleration");
  options.acceleration.acceleration = name == "constant" ? Acceleration::constant
                                      : name == "aitken" ? Acceleration::aitken
                                                         : Acceleration::anderson;
  options.acceleration.relaxation = name == "constant" ? 1.0 : 0.5;
  if (section.has("relaxation")) {
    options.acceleration.relaxation = section.number("relaxation");
    if (!(options.acceleration.relaxation > 0.0) || !std::isfinite(options.acceleration.relaxation))
      section.error("relaxation", "is not positive", "a number above 0; 1 takes the whole step");
  }
  const auto at_least_one = [&](const char* key) {
    const std::int64_t count = section.integer(key);
    if (count < 1) section.error(key, "is " + std::to_string(count), "at least 1");
    return count;
  };
  options.acceleration.columns = static_cast<std::size_t>(at_least_one("columns"));
  options.most = at_least_one("most");
  options.tolerance = section.number("tolerance");
  if (!(options.tolerance > 0.0 && options.tolerance < 1.0))
    section.error("tolerance", "is not between 0 and 1",
                  "the part of the first residual that may be left, such as 1e-8");
  options.degree = static_cast<int>(section.section("waveform").integer("degree"));
  if (options.degree < 0 || options.degree > 3)
    section.section("waveform").error("degree", "is " + std::to_string(options.degree), "0, 1, 2 or 3");
  options.unconverged = section.text("unconverged") == "accept" ? IterateOptions::Unconverged::accept
                                                                : IterateOptions::Unconverged::fail;
  return options;
}

}  // namespace holon::modelfile
