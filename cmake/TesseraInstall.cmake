# `cmake --install BUILD --prefix PREFIX` gives the program, the libraries, the headers and a CMake package. A project
# then says find_package(tessera) and links tessera::tessera (everything) or single rooms such as tessera::tensor.
# The exported targets carry -ffp-contract=off, since code that inlines Tessera's headers is under the contract too.

include(CMakePackageConfigHelpers)
set(TESSERA_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tessera)

# The umbrella, "every room"; the plain name belongs to the program.
add_library(tessera_all INTERFACE)
add_library(tessera::tessera ALIAS tessera_all)
set_target_properties(tessera_all PROPERTIES EXPORT_NAME tessera)
set_target_properties(tessera_options PROPERTIES EXPORT_NAME options)
set(room_targets "")
foreach(room ${TESSERA_ROOMS})
  if(NOT room STREQUAL cli)  # the program's own room: not a library for others
    list(APPEND room_targets tessera_${room})
  endif()
endforeach()
target_link_libraries(tessera_all INTERFACE ${room_targets})

install(TARGETS ${room_targets} tessera_all tessera_options EXPORT tesseraTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT tesseraTargets NAMESPACE tessera:: DESTINATION ${TESSERA_CMAKE_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tessera DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*_test.h" EXCLUDE PATTERN "*.h" PATTERN "*.def" PATTERN "cli" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tesseraConfig.cmake.in
  ${PROJECT_BINARY_DIR}/tesseraConfig.cmake INSTALL_DESTINATION ${TESSERA_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tesseraConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tesseraConfig.cmake ${PROJECT_BINARY_DIR}/tesseraConfigVersion.cmake
  DESTINATION ${TESSERA_CMAKE_DIR})
