// Every case; what each is and why stands in bench/README.md.
#pragma once
#include "apps/bench/lab.hpp"

namespace settled::bench {

std::vector<Result> http_single(Lab& lab);
std::vector<Result> http_batch(Lab& lab);
std::vector<Result> hot_account(Lab& lab);
std::vector<Result> sync_2ms(Lab& lab);
std::vector<Result> two_phase(Lab& lab);
std::vector<Result> latency(Lab& lab);
std::vector<Result> sick_bank(Lab& lab);
std::vector<Result> overload(Lab& lab);
std::vector<Result> rollback(Lab& lab);
std::vector<Result> recovery(Lab& lab);
std::vector<Result> memory(Lab& lab);
std::vector<Result> growth(Lab& lab);
std::vector<Result> edge(Lab& lab);
std::vector<Result> core(Lab& lab);
std::vector<Result> soak(Lab& lab);

}  // namespace settled::bench
