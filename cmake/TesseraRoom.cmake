# A room is a folder below tessera/: its .cc files become the library tessera_<room>, its *_test.cc files one
# test program. What a room may include is what it depends on here; tests/check_includes.py checks the same list.

add_library(tessera_options INTERFACE)
target_compile_features(tessera_options INTERFACE cxx_std_20)
if(TESSERA_BREAK_CONTRACT)
  target_compile_options(tessera_options INTERFACE -ffp-contract=fast)
else()
  # The contract: a*b+c is two roundings unless the source says fma.
  target_compile_options(tessera_options INTERFACE -ffp-contract=off)
endif()
target_include_directories(tessera_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

add_library(tessera_warnings INTERFACE)
target_compile_options(tessera_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(TESSERA_WARNINGS_AS_ERRORS)
  target_compile_options(tessera_warnings INTERFACE -Werror)
endif()
if(TESSERA_SANITIZE)
  # Not for a target that says so (property TESSERA_UNSANITIZED).
  set(sanitized $<NOT:$<BOOL:$<TARGET_PROPERTY:TESSERA_UNSANITIZED>>>)
  target_compile_options(tessera_options INTERFACE $<BUILD_INTERFACE:$<${sanitized}:-fsanitize=${TESSERA_SANITIZE}>>
    $<BUILD_INTERFACE:-fno-omit-frame-pointer> $<BUILD_INTERFACE:$<${sanitized}:-fno-sanitize-recover=all>>)
  target_link_options(tessera_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${TESSERA_SANITIZE}>)
endif()

# Compiling the tests is half of a build, and most of that is optimising code that runs once. The rooms keep -O3.
function(tessera_compile_quickly TARGET)
  target_compile_options(${TARGET} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# Headers that most sources need, parsed once: a third of the work of a build from nothing. Not by default, so that a source that forgets an include
# does not compile.
if(TESSERA_PRECOMPILE)
  file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cc "")
  add_library(tessera_precompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cc)
  set_target_properties(tessera_precompiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(tessera_precompiled PRIVATE tessera_options tessera_warnings fmt::fmt nlohmann_json::nlohmann_json)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)  # the same headers give the same file
    target_compile_options(tessera_options INTERFACE $<BUILD_INTERFACE:SHELL:-Xclang -fno-pch-timestamp>)
  endif()
  target_precompile_headers(tessera_precompiled PRIVATE <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <memory>
    <optional> <span> <string> <string_view> <vector> <fmt/format.h> <nlohmann/json.hpp> ${PROJECT_SOURCE_DIR}/tessera/tensor/ops.h)
endif()

set(TESSERA_JOIN_TESTS ${PROJECT_SOURCE_DIR}/cmake/join_tests.py)
if(TESSERA_BUILD_TESTS AND TESSERA_UNITY)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/joined_tests)
endif()

add_library(tessera_together INTERFACE)
# Warnings that would speak of another source: a local name may be one of a neighbour's, and GCC takes what is included for a header,
# whose classes should not use a source's own types. The preset debug compiles every source alone, with all warnings.
target_compile_options(tessera_together INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)

# Sources of a room, eight in one: what they include is parsed once for all. Headers are half of the time of a build from nothing or
# more; while one works on a room, `cmake --preset release -DTESSERA_UNITY=OFF` compiles only the changed source.
# For this no two sources of a room may give one name in their anonymous namespaces to different things. Sources that Highway compiles
# once per instruction set stay alone.
function(tessera_compile_together TARGET)
  set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  target_link_libraries(${TARGET} PRIVATE $<BUILD_INTERFACE:tessera_together>)
  foreach(source ${ARGN})
    file(STRINGS ${source} per_target REGEX "HWY_TARGET_INCLUDE" LIMIT_COUNT 1)
    if(per_target)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

# Tests of a room, eight in one as well: OUTPUT gets the sources to compile. What cannot be joined (see the script) stays alone.
function(tessera_join_tests ROOM OUTPUT)
  list(SORT ARGN)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TESSERA_JOIN_TESTS} ${ARGN})  # whether it can be may change
  execute_process(COMMAND ${Python3_EXECUTABLE} ${TESSERA_JOIN_TESTS} --can ${ARGN} OUTPUT_VARIABLE joined
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(sources ${ARGN})
  list(REMOVE_ITEM sources ${joined})
  list(LENGTH joined left)
  set(first 0)
  while(first LESS left)
    list(SUBLIST joined ${first} 8 batch)
    set(source ${PROJECT_BINARY_DIR}/joined_tests/${ROOM}_${first}.cc)
    add_custom_command(OUTPUT ${source} COMMAND Python3::Interpreter ${TESSERA_JOIN_TESTS} ${source} ${batch}
      DEPENDS ${TESSERA_JOIN_TESTS} ${batch} VERBATIM)
    list(APPEND sources ${source})
    math(EXPR first "${first} + 8")
  endwhile()
  set(${OUTPUT} ${sources} PARENT_SCOPE)
endfunction()

set(TESSERA_ROOMS "" CACHE INTERNAL "rooms that have sources")

function(tessera_room NAME)
  cmake_parse_arguments(ROOM "SEPARATE" "EXECUTABLE" "DEPENDS;LINK;OPTIONAL;TEST_DEPENDS" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/tessera/${NAME})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(main ${folder}/main.cc)
  list(REMOVE_ITEM sources ${main})
  if(NOT sources)
    return()
  endif()

  set(target tessera_${NAME})
  add_library(${target} STATIC ${sources})
  add_library(tessera::${NAME} ALIAS ${target})
  if(TESSERA_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM tessera_precompiled)
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME} POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PUBLIC tessera_options ${ROOM_LINK} PRIVATE $<BUILD_INTERFACE:tessera_warnings>)
  if(TESSERA_UNITY AND NOT ROOM_SEPARATE)
    tessera_compile_together(${target} ${sources})
  endif()
  foreach(other ${ROOM_DEPENDS})
    if(TARGET tessera_${other})
      target_link_libraries(${target} PUBLIC tessera_${other})
    endif()
  endforeach()
  foreach(other ${ROOM_OPTIONAL})  # headers alone
    if(TARGET ${other})
      target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${other}>)
    endif()
  endforeach()
  if(NAME STREQUAL cli)
    target_compile_definitions(${target} PRIVATE TESSERA_VERSION="${PROJECT_VERSION}")
  endif()
  set(TESSERA_ROOMS ${TESSERA_ROOMS} ${NAME} CACHE INTERNAL "")

  if(ROOM_EXECUTABLE AND EXISTS ${main})
    add_executable(${ROOM_EXECUTABLE} ${main})
    target_link_libraries(${ROOM_EXECUTABLE} PRIVATE ${target} tessera_warnings)
    install(TARGETS ${ROOM_EXECUTABLE} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()

  if(TESSERA_BUILD_TESTS AND tests)
    if(TESSERA_UNITY)
      tessera_join_tests(${NAME} tests ${tests})
    endif()
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} tessera_warnings GTest::gmock GTest::gtest_main)
    if(TESSERA_UNITY)
      target_link_libraries(${target}_test PRIVATE tessera_together)
    endif()
    if(rapidcheck_FOUND)
      target_link_libraries(${target}_test PRIVATE rapidcheck)
    endif()
    # A test may need a room that stands further down the list.
    foreach(other ${ROOM_TEST_DEPENDS})
      target_link_libraries(${target}_test PRIVATE $<TARGET_NAME_IF_EXISTS:tessera_${other}>)
    endforeach()
    if(NAME STREQUAL numerics)
      target_link_libraries(${target}_test PRIVATE hwy::hwy)  # the vector forms of the functions
      if(MPFR_LIBRARY)
        target_link_libraries(${target}_test PRIVATE ${MPFR_LIBRARY} ${GMP_LIBRARY})
        target_compile_definitions(${target}_test PRIVATE TESSERA_HAVE_MPFR)
      endif()
    endif()
    tessera_compile_quickly(${target}_test)
    target_compile_definitions(${target}_test PRIVATE TESSERA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
      TESSERA_BINARY_DIR="${PROJECT_BINARY_DIR}")
    include(GoogleTest)
    gtest_discover_tests(${target}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 300 TEST_PREFIX "${NAME}."
      PROPERTIES LABELS ${NAME} TIMEOUT 600)
  endif()
endfunction()
