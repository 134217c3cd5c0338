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
# A target with the property GCR_UNSANITIZED goes without: the preload library runs inside programs that
# know nothing of a sanitizer's runtime.
set(on $<NOT:$<BOOL:$<TARGET_PROPERTY:GCR_UNSANITIZED>>>)
if(GCR_SANITIZE AND GCR_TSAN)
  message(FATAL_ERROR "AddressSanitizer and ThreadSanitizer exclude each other")
elseif(GCR_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "GCR_FUZZ needs clang: libFuzzer is a part of it")
  endif()
  target_compile_options(gcr_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(gcr_flags INTERFACE -fsanitize=address,undefined)
elseif(GCR_SANITIZE)
  target_compile_options(gcr_flags INTERFACE
    $<${on}:-fsanitize=address,undefined;-fno-omit-frame-pointer;-fno-sanitize-recover=undefined>)
  target_link_options(gcr_flags INTERFACE $<${on}:-fsanitize=address,undefined>)
elseif(GCR_TSAN)
  target_compile_options(gcr_flags INTERFACE $<${on}:-fsanitize=thread;-fno-omit-frame-pointer>)
  target_link_options(gcr_flags INTERFACE $<${on}:-fsanitize=thread>)
  target_compile_definitions(gcr_flags INTERFACE $<${on}:GCR_TSAN=1>)
endif()
