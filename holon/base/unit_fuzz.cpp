// Quantities and unit texts from arbitrary bytes: either InputError, or a quantity whose text reads back as
// the same.
#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holon;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const Quantity quantity = parse_quantity(text);
    const Quantity again = parse_quantity(quantity.text());
    require(again.value == quantity.value && again.unit.factor() == quantity.unit.factor() &&
                again.unit.dimension() == quantity.unit.dimension(),
            "the text of a quantity reads back as the same quantity");
    if (quantity.unit.offset() == 0) {
      const Unit square = quantity.unit * quantity.unit;
      require(square.dimension() == quantity.unit.dimension().pow(2),
              "a product has the product of the dimensions");
    }
  } catch (const InputError&) {
    // what a person gets to see
  }
  return 0;
}
