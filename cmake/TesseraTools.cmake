# Programs that make building faster when they are there, and change nothing else: ccache and a fast linker.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # ccache looks at the contents of precompiled headers: those of the examples, or those of everything.
  set(sloppiness pch_defines,time_macros)
  if(TESSERA_PRECOMPILE)
    string(APPEND sloppiness ,include_file_mtime,include_file_ctime)
  endif()
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=${sloppiness} ${CCACHE_PROGRAM})
endif()

include(CheckLinkerFlag)
foreach(linker mold lld)
  check_linker_flag(CXX -fuse-ld=${linker} TESSERA_HAVE_${linker})
  if(TESSERA_HAVE_${linker})
    add_link_options(-fuse-ld=${linker})
    set(TESSERA_LINKER ${linker})
    break()
  endif()
endforeach()
