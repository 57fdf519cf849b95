// two-phase, sick-bank: a bank over HTTP, which takes its time or hangs.
#include "apps/bench/cases.hpp"

#include <algorithm>
#include <thread>

namespace settled::bench {
std::vector<Result> two_phase(Lab& lab) {
  auto sql = lab.plain_sql();
  const auto best = sql.best_of({"two_commits"}, false);
  Stand single(lab, "one-phase");
  const int connections = single.best_connections();
  Bank bank(lab.options.program_folder, lab.options.folder / "slow-bank", {"--response-delay-ms", "50"});
  Stand stand(lab, "two-phase", bank.connector("bank", 1'000) + "[settlement]\nmax_in_flight = 10000\n");
  auto orders = stand.orders(), of_single = single.orders();
  stand.drive(stand.load(connections, 1.5), orders);  // warm up, fill the line
  // As long as the line of 10,000 takes, and some more, so that the steady state counts.
  const double seconds = std::max(4.0, lab.options.seconds);
  double bank_cpu = 0, bank_done = 0;
  const auto rounds = lab.rounds([&] {
    Round round;
    round["reference"] = sql.run("two_commits", best.clients, false, lab.options.seconds).per_s;
    round["single"] = single.drive(single.load(connections, lab.options.seconds), of_single).completed_per_s;
    const double before = bank.cpu_s();
    const auto run = stand.drive(stand.load(connections, seconds), orders);
    bank_cpu += bank.cpu_s() - before;
    bank_done += run.completed;
    round["ours"] = run.completed_per_s;
    round["cpu_us"] = run.cpu_us;
    round["driver_us"] = run.driver_cpu_us;
    return round;
  });
  auto result = compared("two-phase", "settlements/s", rounds);
  result.bar = 2;
  result.broken = stand.faults();
  if (result.broken.empty()) result.broken = faults_in_reference(lab.cluster(), sql.database());
  result.note = "up to 10,000 in flight, 1,000 calls at the bank at once; the bank took another " +
                whole(bank_cpu * 1e6 / std::max(bank_done, 1.0)) +
                " us of CPU each; plain SQL: two commits, " + whole(best.clients) +
                " clients, no bank and no wait between them";
  auto half = compared("two-phase.single", "settlements/s", rounds, "ours", "single");
  half.goal = 0.5;
  half.broken = result.broken;
  half.note = "reference: http-single";
  return {result.settle(), half.settle()};
}

std::vector<Result> sick_bank(Lab& lab) {
  constexpr int banks = 50, sick = 5, per_bank = 20;
  Bank bank(lab.options.program_folder, lab.options.folder / "fifty-banks", {"--response-delay-ms", "50"});
  std::string settings =
      "[settlement]\ninquiry_first_ms = 500\ninquiry_max_ms = 1000\n[breaker]\ntimeout_ms = 1000\n";
  for (int i = 0; i < banks; ++i) {
    const auto bic = bank_bic(static_cast<std::uint32_t>(i));
    settings +=
        bank.connector("bank" + std::to_string(i), per_bank,
                       "send_timeout_ms = 5000\ninquiry_timeout_ms = 2000\nnot_found_final_after_ms = "
                       "1000\n",
                       std::string(bic.data(), bic.size()));
  }
  Stand stand(lab, "sick-bank", settings);
  Orders to_healthy({.seed = 501,
                     .counterparties = lab.town.counterparties,
                     .banks = banks - sick,
                     .first_bank = sick,
                     .uniform = true});
  Orders to_sick({.seed = 502, .counterparties = lab.town.counterparties, .banks = sick, .uniform = true});
  const double seconds = std::max(5.0, lab.options.seconds);
  // Every client of the healthy banks waits for its final answer; the others' orders come at a steady pace.
  const auto both = [&](double time, double sick_rate) {
    RequestText waiting(stand.server().api_key(), 0, "Prefer: wait=60\r\n"),
        plain(stand.server().api_key(), 0);
    Traffic others;
    Load slow = stand.load(16, time);
    slow.rate = sick_rate;
    slow.connections_max = 200;
    std::thread second([&] { others = drive(slow, to_sick, plain); });
    auto traffic = drive(stand.load(500, time), to_healthy, waiting);
    second.join();
    stand.acknowledged += traffic.acknowledged + others.acknowledged;
    stand.lost += traffic.lost + others.lost;
    return traffic;
  };
  const auto warm = both(2, 50);
  const double sick_rate = static_cast<double>(warm.answers) / 2 / 9;  // a tenth of all
  const auto rounds = lab.rounds([&] {
    Round round;
    const auto well = both(seconds, sick_rate);
    stand.drain();
    round["reference"] = static_cast<double>(well.answers) / seconds;
    round["healthy_p99_ms"] = well.accepted.ms(99);
    for (int i = 0; i < sick; ++i) {
      const auto bic = bank_bic(static_cast<std::uint32_t>(i));
      bank.fault(R"({"kind":"hang","rate":1,"ms":30000,"op":"ANY","bank":")" + std::string(bic.data(), 8) +
                 "\"}");
    }
    const auto ill = both(seconds, sick_rate);
    bank.heal();
    round["ours"] = static_cast<double>(ill.answers) / seconds;
    round["sick_p99_ms"] = ill.accepted.ms(99);
    stand.drain();
    return round;
  });
  auto result = compared("sick-bank", "settlements/s", rounds);
  result.bar = 0.9;
  result.goal = 0.98;
  result.broken = stand.faults();
  result.note = "final answers of the 45 healthy banks while 5 hang for 30 s; reference: nobody hangs";
  auto tail = compared("sick-bank.p99", "ms", rounds, "sick_p99_ms", "healthy_p99_ms");
  tail.goal = 1.2;
  tail.less_is_better = true;
  tail.broken = result.broken;
  return {result.settle(), tail};
}

}  // namespace settled::bench
