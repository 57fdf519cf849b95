// A ledger writer over a real PostgreSQL.
#pragma once
#include "storage/ledger_writer.hpp"
#include "storage/pg_ledger_store.hpp"
#include "tests/database_fixture.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>

namespace settled::tests {
using namespace std::chrono_literals;

inline Micros now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
inline Uuid fresh_id() {
  static std::mt19937_64 chance(7);
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return make_uuid_v7(now() / 1000, chance(), chance());
}

struct WriterOverPostgres : DatabaseFixture {
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  LedgerActor writer;

  WriterOverPostgres() {
    config.add_message_types<caf::id_block::settled>();
    config.set("scheduler.max-threads", std::size_t{2});
    system = std::make_unique<caf::actor_system>(config);
    start();
  }
  ~WriterOverPostgres() { stop(); }

  void start() {
    LedgerWriterSettings settings{
        .make_store =
            [this] {
              return make_pg_ledger_store({.database_url = url, .owner = "test", .lease_patience = 2s});
            },
        .clock = now,
        .ids = fresh_id,
        .beside_commit = true};
    writer = caf::actor_cast<LedgerActor>(system->spawn<caf::detached>(ledger_writer, settings));
  }
  void stop() {
    caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
    caf::scoped_actor self{*system};
    self->wait_for(writer);
  }

  template <class Answer, class Request>
  Answer ask(const Request& request) {
    caf::scoped_actor self{*system};
    Answer result;
    std::string failure;
    self->request(writer, 60s, request)
        .receive([&](Answer& answer) { result = std::move(answer); },
                 [&](const caf::error& e) { failure = system->render(e); });
    if (!failure.empty()) throw std::runtime_error(failure);
    return result;
  }
};
}  // namespace settled::tests
