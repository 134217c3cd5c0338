# Debian packages, found by pkg-config; scripts/setup.sh installs them.
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(BDWGC REQUIRED IMPORTED_TARGET bdw-gc)
find_package(Threads REQUIRED)

# Static tracepoints (sim/replay/tracepoints.h): in the executable where the header is.
include(CheckIncludeFile)
check_include_file(sys/sdt.h GCR_HAVE_SDT)
if(GCR_HAVE_SDT)
  message(STATUS "static tracepoints: in (provider gcreplay)")
else()
  message(STATUS "static tracepoints: left out, no <sys/sdt.h> (Debian: systemtap-sdt-dev)")
endif()
