// SHA-256 (FIPS 180-4) of a text, as 64 hexadecimal digits: model hashes and kernel cache keys.
#pragma once

#include <string>
#include <string_view>

namespace holon {
std::string sha256(std::string_view data);
}
