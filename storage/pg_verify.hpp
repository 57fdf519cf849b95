// The checks of storage/verify.hpp that SQL can make.
#pragma once
#include <span>

namespace settled {

/// `sql` selects what is wrong as (subject, expected, found), texts. A subject or text may hold
/// "set:<uuid>", "acc:<uuid>" or "jrn:<uuid>"; it is shown as a TypeID.
struct SqlCheck {
  const char* name;
  const char* sql;
};
std::span<const SqlCheck> sql_checks();

}  // namespace settled
