// libFuzzer: any bytes as a model file must be loaded or refused with messages, never crash. What was read
// must be written so that it reads back.
#include "holon/base/error.hpp"
#include "holon/modelfile/load.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holon;
  using namespace holon::modelfile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics found;
  const Document::Value root = Document::parse(text, "fuzz.yaml", "nowhere", found);
  if (!found.has_errors()) {
    Diagnostics again;
    const std::string written = Document::write(root);
    const Document::Value second = Document::parse(written, "written.yaml", "nowhere", again);
    require(!again.has_errors(), "what is written can be read");
    require(Document::write(second) == written, "what is written reads back as the same tree");
  }
  const Registry registry;
  LoadOptions options;
  options.overrides = {{"parameters.a", "1"}, {"schedule.step", "[2"}};
  try {
    load_text(text, "fuzz.yaml", "nowhere", registry, options);
  } catch (const InputError&) { return 0; } catch (const Refused&) {
    return 0;
  }
  return 0;
}
