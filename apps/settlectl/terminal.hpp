// How things look: tables, colour only where it belongs, progress that never disturbs a pipe.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace settled::ctl {

/// Is this stream (1 stdout, 2 stderr) a terminal that wants colour? NO_COLOR and TERM=dumb say no.
bool colourful(int stream);
bool is_terminal(int stream);
enum class Colour { plain, green, red, yellow, violet, dim };
std::string coloured(std::string_view text, Colour colour, int stream = 1);
/// A settlement's status in its colour: unknown money is violet, never red, never green.
std::string shown_status(const std::string& status);

/// "12 345".
std::string grouped(long long number);
/// "150000.50" as "150 000.50".
std::string grouped(const std::string& decimal);

class Table {
 public:
  /// A title that begins with '>' belongs to a right-aligned column.
  explicit Table(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  /// To stdout.
  void print() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// On stderr: one line that is redrawn on a terminal, a plain line every 2 s elsewhere.
class Progress {
 public:
  explicit Progress(std::string what);
  void show(std::size_t done, std::size_t failed, std::size_t total, bool last = false);

 private:
  std::string what_;
  std::chrono::steady_clock::time_point started_, shown_;
};

}  // namespace settled::ctl
