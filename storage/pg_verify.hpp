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
/// For the session that runs them: they read whole tables, and a plan made for tables that looked small
/// when they were last analysed (on the first day: never) would compare each row with each.
inline constexpr const char* for_whole_tables = "set enable_nestloop = off";
/// "acc:0192f0c1-…" becomes "acc_01j9…" wherever it stands.
std::string with_type_ids(std::string text);

}  // namespace settled
