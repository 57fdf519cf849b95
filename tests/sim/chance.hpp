// All chance of a simulated run comes from one seed.
#pragma once
#include <cstdint>

namespace settled::tests {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  std::uint64_t next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// 0 … n − 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool per_mille(int n) { return below(1'000) < static_cast<std::size_t>(n); }
  /// One of these.
  template <class T, class... More>
  T one_of(T first, More... more) {
    const T all[] = {first, static_cast<T>(more)...};
    return all[below(1 + sizeof...(more))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace settled::tests
