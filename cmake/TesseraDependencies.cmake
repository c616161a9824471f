# Every library that Tessera uses, found once. Names are Debian 12's packages; `./dev setup` installs them.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)  # libssl-dev: SHA-256 and Ed25519
find_package(ZLIB REQUIRED)                       # zlib1g-dev: .gz inputs
find_package(SQLite3 REQUIRED)                    # libsqlite3-dev: the index of a store
find_package(EXPAT REQUIRED)                      # libexpat1-dev: XML inputs
find_package(fmt REQUIRED)                        # libfmt-dev: messages
find_package(nlohmann_json REQUIRED)              # nlohmann-json3-dev: records
find_package(CLI11 REQUIRED)                      # libcli11-dev: the command line
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)  # libhwy-dev: SIMD with run-time dispatch
if(NOT TARGET hwy::hwy)
  add_library(hwy::hwy ALIAS PkgConfig::HWY)
endif()
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)  # libtomlplusplus-dev: configurations
if(NOT TARGET tomlplusplus::tomlplusplus)
  add_library(tomlplusplus::tomlplusplus ALIAS PkgConfig::TOMLPP)
endif()

# libpq-dev, optional: its header is compiled against, the library is loaded by the first query of PostgreSQL.
find_path(LIBPQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql)
if(LIBPQ_INCLUDE)
  add_library(tessera_libpq INTERFACE)
  target_include_directories(tessera_libpq SYSTEM INTERFACE ${LIBPQ_INCLUDE})
  target_compile_definitions(tessera_libpq INTERFACE TESSERA_HAVE_POSTGRESQL)
endif()

if(TESSERA_BUILD_TESTS)
  find_package(GTest REQUIRED)   # libgtest-dev, libgmock-dev
  find_package(rapidcheck QUIET) # librapidcheck-dev: property tests
  find_library(MPFR_LIBRARY mpfr) # libmpfr-dev: oracle of the fp64 functions
  find_library(GMP_LIBRARY gmp)
endif()
