# holon_embed_text(TARGET FILE SYMBOL) puts the text of FILE into TARGET as
#   namespace holon { extern const std::string_view SYMBOL; }
# The source file is made again whenever FILE changes.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" text)
  # Compilers limit one literal to 64 KiB; neighbouring literals are joined.
  string(LENGTH "${text}" length)
  set(literals "")
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 15000 part)
    string(APPEND literals "\n    R\"embedded(${part})embedded\"")
    math(EXPR begin "${begin} + 15000")
  endwhile()
  file(WRITE "${OUTPUT}" "#include <string_view>\n
namespace holon {
extern const std::string_view ${SYMBOL};
constexpr char text[] = ${literals};
const std::string_view ${SYMBOL}{text, sizeof text - 1};
}\n")
  return()
endif()

set(holon_embed_text_script "${CMAKE_CURRENT_LIST_FILE}")
function(holon_embed_text target file symbol)
  set(input "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${input}" "-DOUTPUT=${output}" "-DSYMBOL=${symbol}" -P "${holon_embed_text_script}"
    DEPENDS "${input}" "${holon_embed_text_script}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
