# jemalloc under other names (gcr_jemalloc_malloc ...), so that it can stand beside libc's malloc in one
# executable: its static library with the public names redefined and the C++ operators left out.
# Makes the target gcr_jemalloc, empty if there is no static jemalloc.
add_library(gcr_jemalloc INTERFACE)
find_library(GCR_JEMALLOC_ARCHIVE NAMES libjemalloc_pic.a)
if(GCR_JEMALLOC_ARCHIVE AND CMAKE_OBJCOPY)
  set(archive ${CMAKE_BINARY_DIR}/libgcr_jemalloc.a)
  set(renames "")
  foreach(name malloc calloc realloc free aligned_alloc posix_memalign memalign valloc
      malloc_usable_size malloc_stats_print malloc_conf malloc_conf_2_conf_harder malloc_message
      mallctl mallctlbymib mallctlnametomib mallocx rallocx xallocx sallocx dallocx sdallocx nallocx)
    list(APPEND renames --redefine-sym ${name}=gcr_jemalloc_${name})
  endforeach()
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_OBJCOPY} ${renames} ${GCR_JEMALLOC_ARCHIVE} ${archive}
    COMMAND ${CMAKE_AR} d ${archive} jemalloc_cpp.pic.o
    DEPENDS ${GCR_JEMALLOC_ARCHIVE}
    COMMENT "Renaming jemalloc's public names" VERBATIM)
  add_custom_target(gcr_jemalloc_archive DEPENDS ${archive})
  add_dependencies(gcr_jemalloc gcr_jemalloc_archive)
  target_compile_definitions(gcr_jemalloc INTERFACE GCR_HAVE_JEMALLOC)
  target_link_libraries(gcr_jemalloc INTERFACE ${archive} Threads::Threads m)
endif()
