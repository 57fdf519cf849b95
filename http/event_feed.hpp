// Committed events to many readers. The newest events are read once and kept as text; who lags further
// behind reads pages of his own, at the speed at which his client takes them. No actors, no clock here: the
// front actor brings pages in and calls `tick`.
#pragma once
#include "http/exchange.hpp"
#include "messages/views.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace settled {

class EventFeed {
 public:
  /// Asks for the events after `after`; answered by `page` or `page_failed` with the same reader.
  using ReadPage = std::function<void(std::uint64_t reader, std::int64_t after, int limit)>;
  explicit EventFeed(ReadPage read_page) : read_page_(std::move(read_page)) {}

  /// A reader who has everything up to `after`; `newest` is the end of the log as it is now. Only kinds
  /// that begin with `kind` are told.
  void open(std::uint64_t reader, StreamWriter writer, std::int64_t after, std::int64_t newest,
            std::string kind);
  void close(std::uint64_t reader);
  /// The reader's client has taken all there was.
  void drained(std::uint64_t reader);
  /// Events up to here are committed.
  void committed(std::int64_t last_seq);
  void page(std::uint64_t reader, const std::vector<EventView>& events);
  void page_failed(std::uint64_t reader);
  /// Once a second: looks for what nobody told us about.
  void tick();
  /// A comment for every idle reader, so that proxies keep the connection.
  void keep_alive();
  std::size_t readers() const { return readers_.size(); }

 private:
  static constexpr std::uint64_t tail_reader = 0;
  static constexpr std::size_t tail_events_max = 4096;
  static constexpr std::size_t tail_bytes_max = 8 << 20;
  static constexpr int tail_page = 500;
  static constexpr int own_page = 100;
  /// A client that has this much waiting gets no more until it has taken it. Half of what would cut it.
  static constexpr std::size_t pace_bytes = 128 * 1024;

  struct Frame {
    std::int64_t seq;
    std::string kind;
    std::string text;
  };
  struct Reader {
    StreamWriter writer;
    std::int64_t after = 0;
    std::string kind;
    bool reading = false;
  };
  static std::string frame_text(const EventView& event);
  void read_tail();
  void pump_all();
  /// False when the reader is gone.
  bool pump(std::uint64_t id, Reader& reader);
  bool tell(Reader& reader, const Frame& frame);

  ReadPage read_page_;
  std::unordered_map<std::uint64_t, Reader> readers_;
  std::deque<Frame> tail_;
  std::size_t tail_bytes_ = 0;
  std::int64_t tail_end_ = -1;  // the last event that is, or was, in the tail; -1: nobody reads
  std::int64_t known_end_ = 0;
  bool tail_reading_ = false;
};

}  // namespace settled
