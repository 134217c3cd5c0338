# The modelled twins: every back end and everything in allocators/common that works on a heap, compiled
# once more with the compiler reporting each load and store to the cache model (sim/model/).
#
# The instrumentation is ThreadSanitizer's, without its runtime: the callbacks are the model's, and
# -fsanitize is never on a link line. No LTO on these objects: the instrumentation would vanish. All
# twins are linked into one relocatable object, in which every symbol but their descriptors
# (gcr_modelled_NAME) becomes local: so both twins lie in one executable, each with its own copy of
# what back ends share.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT GCR_TSAN)
  set(model_default ON)
else() # clang reports other calls; ThreadSanitizer's own runtime has the callbacks' names
  set(model_default OFF)
endif()
option(GCR_MODEL "build the modelled twins and the cache model (gcc only, not with GCR_TSAN)" ${model_default})
if(GCR_MODEL AND NOT model_default)
  message(FATAL_ERROR "GCR_MODEL needs gcc, and excludes GCR_TSAN")
endif()

set(GCR_MODELLED_OPTIONS -fno-pie -O2 -fno-lto -fsanitize=thread "SHELL:--param tsan-instrument-func-entry-exit=0"
  -fno-builtin-memcpy -fno-builtin-memset -fno-builtin-memmove -fno-builtin-memcmp -Wno-tsan)

# gcr_add_modelled_objects(TARGET SOURCES...): an object library, its sources instrumented.
function(gcr_add_modelled_objects target)
  add_library(${target} OBJECT ${ARGN})
  target_link_libraries(${target} PRIVATE gcr_flags)
  set_target_properties(${target} PROPERTIES GCR_UNSANITIZED ON)
  target_compile_options(${target} PRIVATE ${GCR_MODELLED_OPTIONS})
  target_compile_definitions(${target} PRIVATE GCR_MODELLED=1 memcpy=gcr_model_memcpy memset=gcr_model_memset
    memmove=gcr_model_memmove memcmp=gcr_model_memcmp)
endfunction()

# gcr_modelled_object(OUT): the one object of all twins, checked; OUT is its path.
function(gcr_modelled_object out)
  get_property(names GLOBAL PROPERTY GCR_MODELLED)
  set(objects $<TARGET_OBJECTS:modelled_common>)
  set(keep "")
  set(timed $<TARGET_OBJECTS:gcr_allocators_common>)
  set(entries "")
  foreach(GCR_COLLECTOR_NAME ${names})
    string(REPLACE "-" "_" GCR_COLLECTOR_C_NAME ${GCR_COLLECTOR_NAME})
    set(GCR_COLLECTOR_HEADER allocators/${GCR_COLLECTOR_C_NAME}/${GCR_COLLECTOR_C_NAME}_inline.h)
    set(entry ${CMAKE_CURRENT_BINARY_DIR}/modelled_${GCR_COLLECTOR_C_NAME}.c)
    configure_file(${PROJECT_SOURCE_DIR}/sim/replay/modelled_twin.c.in ${entry} @ONLY)
    list(APPEND entries ${entry})
    list(APPEND objects $<TARGET_OBJECTS:modelled_${GCR_COLLECTOR_C_NAME}>)
    list(APPEND timed $<TARGET_OBJECTS:collector_${GCR_COLLECTOR_C_NAME}>)
    string(APPEND keep "gcr_modelled_${GCR_COLLECTOR_C_NAME}\n")
  endforeach()
  gcr_add_modelled_objects(modelled_entries ${entries})
  list(APPEND objects $<TARGET_OBJECTS:modelled_entries>)
  set(raw ${CMAKE_CURRENT_BINARY_DIR}/modelled_raw.o)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/modelled.o)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/modelled.keep.new "${keep}")
  configure_file(${CMAKE_CURRENT_BINARY_DIR}/modelled.keep.new ${CMAKE_CURRENT_BINARY_DIR}/modelled.keep COPYONLY)
  set(check ${PROJECT_SOURCE_DIR}/cmake/check_twins.sh)
  add_custom_command(OUTPUT ${object}
    COMMAND ${check} ${CMAKE_NM} modelled ${objects}
    COMMAND ${check} ${CMAKE_NM} timed ${timed}
    COMMAND ${CMAKE_LINKER} -r -o ${raw} ${objects}
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${CMAKE_CURRENT_BINARY_DIR}/modelled.keep
      --redefine-sym malloc=gcr_model_malloc --redefine-sym calloc=gcr_model_calloc
      --redefine-sym realloc=gcr_model_realloc --redefine-sym free=gcr_model_free ${raw} ${object}
    DEPENDS ${objects} ${timed} ${check} ${CMAKE_CURRENT_BINARY_DIR}/modelled.keep
    COMMAND_EXPAND_LISTS VERBATIM COMMENT "Linking the modelled twins")
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${out} ${object} PARENT_SCOPE)
endfunction()
