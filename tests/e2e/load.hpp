// Clients with a memory: each key is written down before the call that uses it, sent again until its answer
// is definite, and held against the books at the end.
#pragma once
#include "e2e/process_fixture.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace settled::tests {

/// One order as its client knows it.
struct Sent {
  std::string key, body;
  int tries = 0;
  int status = 0;      // of the definite answer; 0: none yet
  std::string answer;  // its body, to the byte
  std::string id;      // set_…, where one was acknowledged
};
using History = std::vector<Sent>;

std::string order_body(const std::string& obligation, const std::string& from, const std::string& to,
                       const std::string& amount, const std::string& currency);
/// `n` different orders with the keys NAME-0, NAME-1, …
History orders(const std::string& name, int n, const std::string& from, const std::string& to,
               const std::string& amount, const std::string& currency = "XOF");

/// Sends orders over several connections at once, whatever happens to the server: it may be killed and come
/// back on another port.
class Load {
 public:
  Load(const Settled& settled, History orders, int connections);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Orders with a definite answer so far.
  int answered() const { return answered_; }
  /// Waits until every order has its definite answer.
  const History& finish();

 private:
  void send_all();
  void send(Sent& order, std::unique_ptr<Http>& http);

  const Settled& settled_;
  History orders_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> answered_{0};
  std::atomic<bool> stopped_{false};
  std::vector<std::thread> threads_;
};

/// Opens an account and, where an amount is given, puts it there. Gives the id.
std::string open_account(const Settled& settled, const std::string& kind, const std::string& bank,
                         const std::string& currency, const std::string& amount = "");
/// Throws where it is not there.
Reply account(Http& http, const std::string& id);

/// Waits until no settlement is in flight; what is asked is the books.
void await_all_final(const Settled& settled);
/// The end of every test that had a load, when all is final: the books are right, the bank executed once
/// what is completed and nothing else, each key has one id and its first answer for ever, and nothing is
/// recorded that no client sent.
Verdict check_books(const Settled& settled, const History& history);

/// A generator whose seed is printed, or given by SETTLED_SEED.
std::mt19937_64 seeded_chance();

}  // namespace settled::tests
