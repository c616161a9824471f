# Programs that make building faster when they are there, and change nothing else: ccache and a fast linker.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  if(TESSERA_PRECOMPILE)  # ccache looks at the contents of the precompiled headers
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  endif()
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
