# One interface target that everything links to: warnings, feature macros, check level, sanitizers.
add_library(gcr_flags INTERFACE)
target_include_directories(gcr_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(gcr_flags INTERFACE _GNU_SOURCE GCR_CHECK_LEVEL=${GCR_CHECK_LEVEL}
  GCR_VERSION="${PROJECT_VERSION}")
target_compile_options(gcr_flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wconversion -Wvla -Wmissing-prototypes
    -Wstrict-prototypes -Wimplicit-fallthrough -fno-strict-aliasing>)
if(GCR_WERROR)
  target_compile_options(gcr_flags INTERFACE -Werror)
endif()
if(GCR_SANITIZE)
  target_compile_options(gcr_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined)
  target_link_options(gcr_flags INTERFACE -fsanitize=address,undefined)
endif()
