#include "http/event_feed.hpp"

#include "http/json_out.hpp"
#include "telemetry/failpoint.hpp"

#include <algorithm>

namespace settled {

std::string EventFeed::frame_text(const EventView& event) {
  std::string text = "id: " + event_id(event.stream, event.seq) + "\nevent: " + event.kind + "\ndata: ";
  append_event(text, event);
  text += "\n\n";
  return text;
}

void EventFeed::open(std::uint64_t id, StreamWriter writer, std::int64_t after, std::int64_t newest,
                     std::string kind) {
  if (tail_end_ < 0) tail_end_ = known_end_ = newest;
  known_end_ = std::max(known_end_, newest);
  auto& reader = readers_[id];
  reader = {std::move(writer), after, std::move(kind), false};
  if (!pump(id, reader)) close(id);
  if (known_end_ > tail_end_) read_tail();
}

void EventFeed::close(std::uint64_t id) {
  readers_.erase(id);
  if (!readers_.empty()) return;
  tail_.clear();
  tail_bytes_ = 0;
  tail_end_ = -1;
}

void EventFeed::drained(std::uint64_t id) {
  const auto at = readers_.find(id);
  if (at != readers_.end() && !pump(id, at->second)) close(id);
}

void EventFeed::committed(std::int64_t last_seq) {
  known_end_ = std::max(known_end_, last_seq);
  if (tail_end_ >= 0 && known_end_ > tail_end_) read_tail();
}

void EventFeed::read_tail() {
  if (tail_reading_ || readers_.empty()) return;
  tail_reading_ = true;
  read_page_(tail_reader, tail_end_, tail_page);
}

void EventFeed::page(std::uint64_t id, const std::vector<EventView>& events) {
  if (id == tail_reader) {
    tail_reading_ = false;
    if (tail_end_ < 0) return;  // the last reader has gone meanwhile
    for (const EventView& event : events) {
      if (event.seq <= tail_end_) continue;
      tail_.push_back({event.seq, event.kind, frame_text(event)});
      tail_bytes_ += tail_.back().text.size();
      tail_end_ = event.seq;
    }
    pump_all();
    while (tail_.size() > tail_events_max || tail_bytes_ > tail_bytes_max) {
      tail_bytes_ -= tail_.front().text.size();
      tail_.pop_front();
    }
    if (!events.empty() && known_end_ > tail_end_) read_tail();
    return;
  }
  const auto at = readers_.find(id);
  if (at == readers_.end()) return;
  Reader& reader = at->second;
  reader.reading = false;
  // What the client cannot take yet is read again when it has taken the rest.
  for (const EventView& event : events) {
    if (event.seq <= reader.after) continue;
    if (reader.writer.buffered() >= pace_bytes) return;
    if (!tell(reader, {event.seq, event.kind, frame_text(event)})) return close(id);
  }
  if (!events.empty() && !pump(id, reader)) close(id);
}

void EventFeed::page_failed(std::uint64_t id) {
  // The next tick asks again.
  if (id == tail_reader) tail_reading_ = false;
  const auto at = readers_.find(id);
  if (at != readers_.end()) at->second.reading = false;
}

bool EventFeed::tell(Reader& reader, const Frame& frame) {
  // A stream that cannot be written to is closed; its client comes again with its own cursor.
  if (failpoint_fails("before_publish")) return false;
  const bool open = !std::string_view(frame.kind).starts_with(reader.kind) || reader.writer.send(frame.text);
  if (failpoint_fails("after_publish_before_cursor")) return false;
  reader.after = frame.seq;
  return open;
}

bool EventFeed::pump(std::uint64_t id, Reader& reader) {
  if (reader.writer.closed()) return false;
  while (!reader.reading && reader.after < tail_end_ && reader.writer.buffered() < pace_bytes) {
    const auto frame = std::upper_bound(tail_.begin(), tail_.end(), reader.after,
                                        [](std::int64_t seq, const Frame& f) { return seq < f.seq; });
    // The log has no gaps: without the very next event in the tail, the reader is behind it.
    if (frame != tail_.end() && frame->seq == reader.after + 1) {
      if (!tell(reader, *frame)) return false;
    } else {
      reader.reading = true;
      read_page_(id, reader.after, own_page);
    }
  }
  return true;
}

void EventFeed::pump_all() {
  std::vector<std::uint64_t> gone;
  for (auto& [id, reader] : readers_)
    if (!pump(id, reader)) gone.push_back(id);
  for (const auto id : gone) close(id);
}

void EventFeed::tick() {
  if (readers_.empty()) return;
  pump_all();
  read_tail();
}

void EventFeed::keep_alive() {
  std::vector<std::uint64_t> gone;
  for (auto& [id, reader] : readers_)
    if (reader.writer.buffered() == 0 && !reader.writer.send(": keep-alive\n\n")) gone.push_back(id);
  for (const auto id : gone) close(id);
}

}  // namespace settled
