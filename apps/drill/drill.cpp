#include "apps/drill/rounds.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

namespace settled::drill {
using namespace std::chrono_literals;

namespace {
/// Nothing that has ended although nothing stands in the way.
constexpr auto liveness_max = 30s;

/// What settled itself finds wrong.
std::string complaints(const Site& site) {
  const auto at = site.endpoint();
  const auto health =
      nlohmann::json::parse(Web(at.http, at.api_key, 5s).get("/api/v1/health/detailed").body, nullptr, false);
  if (!health.is_object()) return "settled does not answer";
  std::string text;
  for (const auto& item : health.value("items", nlohmann::json::array()))
    if (!item.value("ok", true))
      text +=
          (text.empty() ? "settled says: " : "; ") + item.value("name", "") + ": " + item.value("detail", "");
  return text.empty() ? "settled says that all is well" : text;
}
}  // namespace

Drill::Drill(const SiteSettings& settings) : site_(settings), history_(settings.folder / "history.jsonl") {}

void Drill::open() {
  site_.start();
  site_.await_ready();
  town_ = Town::build(site_);
}

void Drill::set_faults(const Plan& plan) {
  for (const Script& script : plan.scripts) {
    const auto made =
        site_.bank("POST", "/sandbox/faults", "{\"kind\":\"" + script.kind + "\"," + script.more + '}');
    if (made.status != 201)
      throw Broken("the bank takes no such script: " + script.text() + ": " + made.body);
  }
}

void Drill::strike(const Strike& strike, const Plan& plan, std::mt19937_64& chance) {
  history_.note("strike: " + strike.text());
  const auto back = [&] {
    if (strike.lasts.count() > 0) std::this_thread::sleep_for(strike.lasts);
    if (!failpoints_.empty() && one_in(chance, 2)) {
      const auto point = failpoints_[chance() % failpoints_.size()] +
                         (one_in(chance, 2) ? ":kill@" : ":throw@") + std::to_string(between(chance, 1, 3));
      history_.note("failpoint: " + point);
      start_failing(point);
    } else {
      failing_ = false;
      site_.start();
    }
    set_faults(plan);  // the bank came back with it, without its scripts
    ++tally_.restarts;
  };
  bool hit = true;
  switch (strike.victim) {
    case Victim::settled:
      site_.end(SIGKILL);
      back();
      break;
    case Victim::everything:
      site_.kill_everything();
      back();
      break;
    case Victim::terminate:
      if (const int code = site_.end(SIGTERM); code != 0)
        throw Broken("settled ended with " + std::to_string(code) + " after SIGTERM");
      back();
      break;
    case Victim::postmaster:
      hit = site_.kill_postmaster(SIGKILL);
      break;
    case Victim::backend:
      hit = site_.kill_backend(chance);
      break;
    case Victim::bank:
      hit = site_.kill_sandbox();
      break;
    case Victim::freeze:
      site_.freeze_database(true);
      std::this_thread::sleep_for(strike.lasts);
      site_.freeze_database(false);
      break;
  }
  if (hit) ++tally_.kills[to_string(strike.victim)];
}

void Drill::start_failing(const std::string& failpoint) {
  site_.launch({"FAILPOINT=" + failpoint});
  failing_ = true;
  struck_ = false;
  eventually([this] { return !still_running() || std::filesystem::exists(site_.data() / "endpoint.json"); },
             60s);
  if (!struck_) site_.await_endpoint();
}

bool Drill::still_running() {
  const auto code = site_.ended();
  if (!code) return true;
  if (!std::exchange(failing_, false)) throw Broken("settled ended by itself with " + std::to_string(*code));
  struck_ = true;
  struck_code_ = *code;
  ++tally_.kills["failpoint"];
  ++tally_.restarts;
  history_.note("the failpoint has struck");
  site_.start();
  return false;
}

void Drill::await_struck(std::chrono::seconds most) {
  if (!eventually([this] { return struck_ || !still_running(); }, most))
    throw Broken("settled has not ended " + std::to_string(most.count()) +
                 " s after its failpoint was armed");
}

void Drill::await_progress() {
  if (!still_running()) set_faults(plan_);
  if (history_.silence() > liveness_max) throw Broken("no request has ended for 30 s; " + complaints(site_));
  std::this_thread::sleep_for(1ms);
}

void Drill::load(const Plan& plan, std::mt19937_64 chance, int round, int orders) {
  std::vector<Call> calls{draw_funding(history_, town_, chance, round)};
  for (auto& call : draw_calls(history_, town_, chance, round, orders)) calls.push_back(std::move(call));
  plan_ = plan;
  set_faults(plan);
  const auto before = history_.answers();
  history_.start_clock();
  const Load clients(site_, history_, std::move(calls), plan.connections);
  for (const Strike& next : plan.strikes) {
    while (history_.answers() < before + next.after_answers && !clients.done()) await_progress();
    std::this_thread::sleep_for(next.later);
    strike(next, plan, chance);
    history_.start_clock();
  }
  while (!clients.done()) await_progress();
}

void Drill::under_load(int round, const std::function<void()>& action, const Crowd& crowd) {
  auto chance = chance_of(0, round, 4);
  Load clients(site_, history_, draw_calls(history_, town_, chance, round, crowd.orders, crowd.batch_max),
               crowd.connections, crowd.pause);
  history_.start_clock();
  action();
  history_.start_clock();
  clients.no_more();
  while (!clients.done()) await_progress();
}

void Drill::settle_up(int round) {
  heal();
  replay(round, chance_of(0, round, 3));
  const auto judgement = judge();
  if (judgement.ok()) return;
  std::string text;
  const auto all = judgement.all();
  for (std::size_t i = 0; i < all.size() && i < 5; ++i)
    text += (i == 0 ? "" : "; ") + all[i].check + " | " + all[i].subject + " | expected " + all[i].expected +
            " | found " + all[i].found;
  if (all.size() > 5) text += "; and " + std::to_string(all.size() - 5) + " more";
  throw Broken(text);
}

void Drill::heal() {
  history_.note("healed");
  plan_ = {};
  if (still_running() && std::exchange(failing_, false)) {
    site_.end(SIGKILL);  // its failpoint waits still
    site_.start();
    ++tally_.restarts;
  }
  const auto ready = [this] {
    return still_running() && Web(site_.endpoint().http).get("/api/v1/health/ready").status == 200;
  };
  if (!eventually(ready, 60s)) throw Broken("settled has not been ready for 60 s although all is healed");
  site_.bank("DELETE", "/sandbox/faults");
  history_.start_clock();
  for (std::int64_t left = -1, before = -1; left != 0; before = left) {
    try {
      left = open_settlements(site_.endpoint().database_url);
    } catch (const std::exception&) {
      left = before;  // the database comes back
    }
    if (left != before) history_.progress();
    if (left != 0) await_progress();
  }
}

void Drill::replay(int round, std::mt19937_64 chance) {
  std::vector<Call> calls;
  const auto add = [&](Order& order) {
    if (order.kind != Order::Kind::good || order.tries == 0) return;
    if (!calls.empty() && calls.back().orders.size() < 20 && !one_in(chance, 6))
      calls.back().orders.push_back(&order);
    else
      calls.push_back({{&order}});
  };
  auto& orders = history_.orders();
  for (Order& order : orders)
    if (order.round == round) add(order);
  // And some of older days.
  for (int i = 0; i < 10 && !orders.empty(); ++i) add(orders[chance() % orders.size()]);
  for (const Call& call : calls) tally_.replays += static_cast<std::int64_t>(call.orders.size());
  history_.start_clock();
  const Load clients(site_, history_, std::move(calls), 3);
  while (!clients.done()) await_progress();
}

Judgement Drill::judge() {
  auto out = drill::judge(site_, history_, bank_);
  auto& books = out.books;
  tally_.completed = books.settlements["COMPLETED"];
  tally_.failed = books.settlements["FAILED"];
  tally_.rolled_back = books.settlements["ROLLED_BACK"];
  tally_.pending = books.recorded - tally_.completed - tally_.failed - tally_.rolled_back;
  tally_.orders = books.recorded;
  tally_.by_inquiry = out.by_inquiry;
  tally_.proofs = out.resent_with_proof;
  tally_.longest_gap = history_.longest_silence();
  return out;
}

void Drill::close() {
  if (const int code = site_.end(SIGTERM); code != 0)
    throw Broken("settled ended with " + std::to_string(code) + " after SIGTERM");
  const auto all = site_.log() + content_of(site_.data() / "sandbox" / "sandbox.log");
  for (const char* alarm : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                            "runtime error:", "WARNING: ThreadSanitizer", "terminate called"})
    if (const auto at = all.find(alarm); at != std::string::npos)
      throw Broken("a program said: " + all.substr(at, 600));
}

std::vector<std::string> failpoints_of(const std::filesystem::path& program_folder) {
  std::vector<std::string> names;
  std::FILE* said =
      ::popen((program_folder / "settled").string().append(" failpoints 2>/dev/null").c_str(), "r");
  if (!said) return names;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), said)) {
    const std::string text = line.data();
    names.push_back(text.substr(0, text.find_first_of("\t\n ")));
  }
  if (::pclose(said) != 0) names.clear();
  return names;
}
}  // namespace settled::drill
