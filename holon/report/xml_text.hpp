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

/// As escape_xml, with double slashes as entities as well: an address that a model's text names stays text,
/// and a page can be shown to hold no address by searching it.
std::string escape_html(std::string_view text);

}  // namespace holon::report
