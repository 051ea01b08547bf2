#include "holon/pointwise/system_integrator.hpp"

#include <list>
#include <mutex>

namespace holon::pointwise {

namespace {

struct Installed {
  std::mutex mutex;
  std::list<SystemIntegratorType> types;  // a list: pointers to its elements stay valid
};

Installed& installed() {
  static Installed instance;
  return instance;
}

}  // namespace

void install(SystemIntegratorType type) {
  const std::scoped_lock lock(installed().mutex);
  for (SystemIntegratorType& known : installed().types) {
    if (known.name == type.name) {
      known = std::move(type);
      return;
    }
  }
  installed().types.push_back(std::move(type));
}

const SystemIntegratorType* find_system_integrator(std::string_view name) {
  const std::scoped_lock lock(installed().mutex);
  for (const SystemIntegratorType& known : installed().types) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

}  // namespace holon::pointwise
