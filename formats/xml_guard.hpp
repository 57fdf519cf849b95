// What an XML file must be before any parser of ours sees it.
#pragma once
#include "domain/refusal.hpp"

#include <cstddef>
#include <string_view>

namespace settled {

struct XmlLimits {
  std::size_t bytes_max = 32U << 20;
  std::size_t depth_max = 64;  // ISO 20022 messages stay below 20
  /// Elements and attributes together. A parser's node costs far more than the shortest element: this
  /// bounds the tree at about 150 MB, twice what 32 MB of real transfers need.
  std::size_t nodes_max = 2'000'000;
};

/// Refuses: too large, not UTF-8 (or another declared encoding), NUL, any DOCTYPE or ENTITY, too deep, too
/// many nodes, tags that do not end. Says nothing about the rest of well-formedness.
Result<bool> check_xml(std::string_view xml, const XmlLimits& limits = {});

}  // namespace settled
