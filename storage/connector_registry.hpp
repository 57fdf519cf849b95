// Which rails this installation has, as the database knows them: what a checker needs to judge a resend.
#pragma once
#include "domain/rail.hpp"

#include <string>
#include <vector>

namespace settled {

struct RegisteredConnector {
  std::string name;
  std::string type;
  Capability capability;
};

/// Adds or renews the row of each. A connector that is configured no more keeps its row: settlements that it
/// carried still name it.
void register_connectors(const std::string& database_url, const std::vector<RegisteredConnector>& connectors);

}  // namespace settled
