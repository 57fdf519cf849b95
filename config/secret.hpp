// A value that must not be shown.
#pragma once
#include <ostream>
#include <string>
#include <utility>

namespace settled {

/// Prints as ***. Where it came from ("env:B1_SECRET") may be shown.
class Secret {
 public:
  Secret() = default;
  Secret(std::string reference, std::string value)
      : reference_(std::move(reference)), value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  const std::string& reference() const { return reference_; }
  bool empty() const { return value_.empty(); }
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string reference_;
  std::string value_;
};

}  // namespace settled
