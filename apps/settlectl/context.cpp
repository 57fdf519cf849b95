#include "apps/settlectl/context.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace settled::ctl {

std::optional<Endpoint> read_endpoint(const Context& context) {
  const auto path = context.data_dir + "/endpoint.json";
  std::ifstream in(path);
  if (!in) return std::nullopt;
  const auto file = nlohmann::json::parse(in, nullptr, false);
  if (!file.is_object())
    throw Stop(exit_config, path + " is not a JSON object. Start settled again to write it.");
  const auto text = [&](const char* key) {
    const auto at = file.find(key);
    return at != file.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  return Endpoint{text("http"), text("api_key"), text("approver_key"), text("sandbox"), text("database_url")};
}

Endpoint find_server(const Context& context) {
  auto endpoint = read_endpoint(context).value_or(Endpoint{});
  if (!context.url.empty()) {
    // A key of the data folder is for the server of the data folder, not for any that we are pointed at.
    if (context.url != endpoint.http) endpoint.api_key = endpoint.approver_key = "";
    endpoint.http = context.url;
  }
  if (context.as_approver) {
    if (endpoint.approver_key.empty())
      throw Stop(exit_config, "No second person's key is known: " + context.data_dir +
                                  "/endpoint.json names one in development only. Give it with --api-key.");
    endpoint.api_key = endpoint.approver_key;
  }
  if (!context.api_key.empty()) endpoint.api_key = context.api_key;
  if (endpoint.http.empty())
    throw Stop(exit_away, "No server found: " + context.data_dir +
                              "/endpoint.json is not there and SETTLED_URL is not set. Start one with "
                              "`./dev run`, or name its folder with --data-dir.");
  return endpoint;
}

}  // namespace settled::ctl
