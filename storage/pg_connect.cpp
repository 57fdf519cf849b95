#include "storage/pg_connect.hpp"

#include "telemetry/mutant.hpp"

#include <pqxx/pqxx>

#include <filesystem>
#include <fstream>
#include <libpq-fe.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>

namespace settled {
namespace {
/// Whether that process counts processes as we do: a server in a container of its own does not.
bool counts_as_we_do(pid_t process) {
  std::error_code none;
  const auto theirs = std::filesystem::read_symlink("/proc/" + std::to_string(process) + "/ns/pid", none);
  return !none && theirs == std::filesystem::read_symlink("/proc/self/ns/pid", none);
}

/// 0 where there is no such process.
pid_t parent_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string stat;
  std::getline(in, stat);
  // "123 (any name) S 45 …"
  const auto name_ends = stat.rfind(')');
  return name_ends == std::string::npos || stat.size() < name_ends + 5
             ? 0
             : static_cast<pid_t>(std::strtol(stat.c_str() + name_ends + 4, nullptr, 10));
}
}  // namespace

std::string connection_string(const std::string& database_url) {
  std::string url = database_url;
  const auto scheme = url.find("://");
  if (const auto plus = url.find('+'); scheme != std::string::npos && plus < scheme)
    url.erase(plus, scheme - plus);
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &error), PQconninfoFree);
  if (!options) {
    std::string why = error ? error : "not a connection URL";
    PQfreemem(error);
    throw std::runtime_error("database.url: " + why);
  }
  // Without these libpq waits up to 15 minutes on a cut network (RELIABILITY.md 0, row 8).
  std::string text =
      "tcp_user_timeout=4000 connect_timeout=3 keepalives_idle=2 keepalives_interval=1 keepalives_count=3";
  for (const auto* o = options.get(); o->keyword; ++o) {
    if (!o->val) continue;
    text += ' ';
    text += o->keyword;
    text += "='";
    for (const char* c = o->val; *c; ++c) {
      if (*c == '\'' || *c == '\\') text += '\\';
      text += *c;
    }
    text += '\'';
  }
  // Last, so that it wins: what is hashed is what is stored.
  return text + " client_encoding=UTF8";
}

PgConnection::PgConnection(const std::string& options) : connection_base(policy_), policy_(options) {
  init();
}
PgConnection::~PgConnection() noexcept { close(); }

std::unique_ptr<PgConnection> pg_connect(const std::string& database_url) {
  auto db = std::make_unique<PgConnection>(connection_string(database_url));
  // A new session is our decision: the old one may have left a doubt. (Deprecated because later versions
  // of libpqxx never reconnect by themselves.)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  db->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  pqxx::nontransaction session(*db);
  session.exec(
      "set statement_timeout = '30s'; set lock_timeout = '5s'; set idle_in_transaction_session_timeout = "
      "'5s'; "
      "set synchronous_commit = on; set timezone = 'UTC'; set datestyle = 'ISO'; set jit = off; "
      // A commit of the second lane must see the first one's, which came after its own beginning.
      "set default_transaction_isolation = 'read committed'; "
      // So that the server, too, notices a cut: a dead session of ours would keep its lock for hours.
      "set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3; "
      "set tcp_user_timeout = 4000; set client_connection_check_interval = '2s'");
  if (mutant("async_commit")) session.exec("set synchronous_commit = off");
  return db;
}

bool stand_back(const PgConnection& session) {
  // The other end of a unix socket is the process that listens: the postmaster. Only a child of its is surely
  // the process that the number means here.
  ucred listener{};
  socklen_t size = sizeof listener;
  if (::getsockopt(PQsocket(session.handle()), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0) return false;
  const pid_t process = PQbackendPID(session.handle());
  if (listener.pid <= 0 || process <= 0 || parent_of(process) != listener.pid) return false;
  if (!counts_as_we_do(listener.pid)) return false;
  // Not by its nice value: where the kernel groups processes by session, that counts only among the
  // server's own.
  constexpr sched_param none{};
  return ::sched_setscheduler(process, SCHED_IDLE, &none) == 0;
}

}  // namespace settled
