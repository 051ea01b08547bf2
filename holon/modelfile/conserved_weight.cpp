#include "holon/modelfile/conserved_weight.hpp"

namespace holon::modelfile {

ConservedWeight read_conserved_weight(Loader& loader, const Document::Value& stated,
                                      const std::string& path) {
  ConservedWeight weight;
  if (const auto found = loader.constant(stated, path)) {
    weight.value = found->si();
    weight.unit = Unit::coherent(found->unit.dimension());
  }
  return weight;
}

}  // namespace holon::modelfile
