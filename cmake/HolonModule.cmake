# holon_module(NAME [DEPENDS module...] [LIBRARIES target...])
# makes the library holon_NAME from the *.cpp of the current folder and, with HOLON_TESTS, the test program
# holon_NAME_test from its *_test.cpp. DEPENDS lists the modules it may include; tools/check_layers.py holds the
# includes against it.

add_library(holon_options INTERFACE)
target_include_directories(holon_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(holon_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers
  # clang (fuzzers) finds std::stable_sort of libstdc++ 12 deprecated, and reports loops that stay scalar under sanitizers
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations -Wno-pass-failed>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-psabi>
  -ffp-contract=off)
# Ahead-of-time code targets x86-64-v3; wider instruction sets come from the equation compiler at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(holon_options INTERFACE -march=x86-64-v3)
endif()
if(HOLON_SANITIZE)
  target_compile_options(holon_options INTERFACE -fsanitize=${HOLON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # With sanitizers GCC 12 takes LLVM's own pairs of operator new and delete for mismatched.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
  target_link_options(holon_options INTERFACE -fsanitize=${HOLON_SANITIZE})
endif()

# Everything that is tested module by module; the sanitizer builds make nothing else.
add_custom_target(holon_unit_tests)
add_custom_target(holon_fuzzers)

# holon_test(NAME SOURCES file... LIBRARIES target... [LABEL label] [TIMEOUT seconds])
# Each test has one label: "threads" if its suite is named *Threads* (these run under the thread sanitizer too), else the
# given one, else "unit". `./dev test` leaves out the label "verify".
function(holon_test name)
  cmake_parse_arguments(T "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LIBRARIES} holon_options GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  if(NOT T_LABEL)
    set(T_LABEL unit)
  endif()
  gtest_discover_tests(${name} TEST_FILTER "-*Threads*" DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS ${T_LABEL})
  gtest_discover_tests(${name} TEST_FILTER "*Threads*" DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS threads)
endfunction()

function(holon_module name)
  cmake_parse_arguments(M "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  add_library(holon_${name} STATIC ${sources})
  target_link_libraries(holon_${name} PRIVATE holon_options)
  target_include_directories(holon_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(module ${M_DEPENDS})
    target_link_libraries(holon_${name} PUBLIC holon_${module})
  endforeach()
  target_link_libraries(holon_${name} PUBLIC ${M_LIBRARIES})
  if(HOLON_TESTS AND tests)
    holon_test(holon_${name}_test SOURCES ${tests} LIBRARIES holon_${name})
    add_dependencies(holon_unit_tests holon_${name}_test)
  endif()
  if(HOLON_FUZZERS)
    target_compile_options(holon_${name} PRIVATE -fsanitize=fuzzer-no-link)
    foreach(source ${fuzzers})
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_link_libraries(${fuzzer} PRIVATE holon_${name} holon_options -fsanitize=fuzzer)
      set_target_properties(${fuzzer} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
      add_dependencies(holon_fuzzers ${fuzzer})
    endforeach()
  endif()
endfunction()
