// The command line. Only config/ includes this.
#pragma once
#include "config/load.hpp"

#include <map>
#include <string>

namespace settled {

struct Flags {
  Command command = Command::run;
  std::string config_file;
  std::map<std::string, std::string> values;  // "--http-port" -> "8086", as written
  std::string text;                           // help, version, or what is wrong
};
Flags parse_flags(int argc, const char* const* argv);

}  // namespace settled
