// Text inside XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace holon::report {

/// & < > and quotes as entities: safe in text and in attributes, of XML and of HTML. Control characters that
/// XML forbids become spaces.
std::string escape_xml(std::string_view text);
/// The text that escape_xml was given (control characters excepted).
std::string unescape_xml(std::string_view text);

}  // namespace holon::report
