// The checks of storage/verify.hpp that SQL can make.
#pragma once
#include <span>
#include <string>

namespace settled {

/// `sql` selects what is wrong as (subject, expected, found), texts. A subject or text may hold
/// "set:<uuid>", "acc:<uuid>" or "jrn:<uuid>"; it is shown as a TypeID.
struct SqlCheck {
  const char* name;
  const char* sql;
};
std::span<const SqlCheck> sql_checks();
/// "acc:0192f0c1-…" becomes "acc_01j9…" wherever it stands.
std::string with_type_ids(std::string text);

}  // namespace settled
