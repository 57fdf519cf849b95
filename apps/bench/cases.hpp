// Every case; what each is and why stands in bench/README.md.
#pragma once
#include "apps/bench/lab.hpp"

namespace settled::bench {

std::vector<Result> http_single(Lab& lab);
std::vector<Result> http_batch(Lab& lab);
std::vector<Result> hot_account(Lab& lab);
std::vector<Result> sync_2ms(Lab& lab);

}  // namespace settled::bench
