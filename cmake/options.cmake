# Compiler options of our own code: warnings are errors; sanitizers by preset.
set(SETTLED_SANITIZE "" CACHE STRING "address | thread | empty")

# Line numbers are what a stack trace needs; full debug information doubles the time of a sanitizer build.
set(CMAKE_CXX_FLAGS_DEBUG "-g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
add_library(settled_options INTERFACE)
target_compile_options(settled_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # GCC 12's optimiser warns falsely about inlined std::string (its bugs 105329, 105651) and coroutines.
  -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-maybe-uninitialized
  -Wno-mismatched-new-delete
  -fstack-protector-strong -fstack-clash-protection -fcf-protection)
target_compile_definitions(settled_options INTERFACE BOOST_TEST_DYN_LINK)
target_link_libraries(settled_options INTERFACE Threads::Threads)

if(SETTLED_SANITIZE STREQUAL "address")
  # CAF's headers bind a null reference when an actor is spawned without arguments (STACK.md 2).
  target_compile_options(settled_options INTERFACE -O1 -fno-omit-frame-pointer
    -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=undefined)
  target_link_options(settled_options INTERFACE -fsanitize=address,undefined)
elseif(SETTLED_SANITIZE STREQUAL "thread")
  # Asio's fences are not seen by GCC's TSan; its queues have locks besides.
  target_compile_options(settled_options INTERFACE -O1 -fno-omit-frame-pointer -fsanitize=thread -Wno-tsan)
  target_link_options(settled_options INTERFACE -fsanitize=thread)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(settled_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(settled_options INTERFACE -Wl,-z,relro,-z,now)
endif()
