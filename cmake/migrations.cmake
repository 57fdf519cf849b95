# The numbered SQL files of storage/migrations, embedded so that the binary needs no files beside it.
set(generated ${CMAKE_BINARY_DIR}/generated)
file(GLOB migration_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/storage/migrations/*.sql)
add_custom_command(OUTPUT ${generated}/migrations.cpp
  COMMAND ${CMAKE_COMMAND} -D "FILES=${migration_files}" -D OUT=${generated}/migrations.cpp
          -P ${CMAKE_SOURCE_DIR}/cmake/embed_migrations.cmake
  DEPENDS ${migration_files} ${CMAKE_SOURCE_DIR}/cmake/embed_migrations.cmake VERBATIM)
add_library(settled_migrations STATIC ${generated}/migrations.cpp)
target_include_directories(settled_migrations PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(settled_migrations PRIVATE settled_options)
