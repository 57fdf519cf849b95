// Crash points: named places at which a test lets the process die, throw, stop or wait, so that every moment
// of a settlement's life is tried and not only those that chance finds. Armed from the variable FAILPOINT in
// development; costs one relaxed load where it is not.
//
//   FAILPOINT=NAME:ACTION[@N][*M][~OBLIGATION][,NAME:ACTION…]   ACTION: kill, throw, stop, delay[=MS],
//   sqlstate=CODE
//
// `@N` strikes only at the Nth time, `*M` only the first M times, `~OBLIGATION` only for the order of that
// obligation, at places that know their order. `sqlstate` is for the places inside a transaction: the server
// raises that error there; a code of class 08 cuts the connection.
#pragma once
#include <atomic>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace settled {

/// What `throw` throws.
struct FailpointThrown : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// What `sqlstate` throws, for the place to carry out.
struct FailpointSqlState : FailpointThrown {
  FailpointSqlState(const std::string& what, std::string sqlstate)
      : FailpointThrown(what), code(std::move(sqlstate)) {}
  std::string code;
};

struct FailpointPlace {
  std::string_view name;
  std::string_view where;  // one line
  bool of_order = false;   // knows the order: may be armed for one alone
};
/// In the order of a settlement's life. A name that ends in _k stands for one place per number.
std::span<const FailpointPlace> failpoints();

/// What is wrong with the text of FAILPOINT, as a sentence; empty when nothing is.
std::string failpoint_problem(std::string_view text);
/// Before the first thread, once. The text must have no problem.
void arm_failpoints(std::string_view text);

inline std::atomic<bool> failpoints_armed{false};
void failpoint_reached(std::string_view name, int number, std::string_view obligation = {});

inline void failpoint(std::string_view name, int number = 0) {
  if (failpoints_armed.load(std::memory_order_relaxed)) [[unlikely]]
    failpoint_reached(name, number);
}
inline void failpoint_of(std::string_view name, std::string_view obligation) {
  if (failpoints_armed.load(std::memory_order_relaxed)) [[unlikely]]
    failpoint_reached(name, 0, obligation);
}
/// For places that an exception must not leave: true where it would have.
inline bool failpoint_fails(std::string_view name) {
  try {
    failpoint(name);
  } catch (const FailpointThrown&) {
    return true;
  }
  return false;
}

}  // namespace settled
