#include "sandbox/fault_script.hpp"

#include "domain/bank.hpp"
#include "sandbox/json_fields.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace settled::sandbox {
namespace {
/// Which fields a kind understands besides those of every script, and the time it takes if none is given.
struct Kind {
  FaultKind kind;
  std::string_view name;
  std::string_view fields;
  std::int64_t ms;
  bool inquiries;  // makes sense for an inquiry
};
constexpr auto kinds = std::to_array<Kind>({
    {FaultKind::delay, "delay", "ms", 0, true},
    {FaultKind::error, "error", "status when", 0, true},
    {FaultKind::refuse, "refuse", "code reason", 0, false},
    {FaultKind::drop_answer, "drop_answer", "", 0, true},
    {FaultKind::hang, "hang", "ms when", 60'000, true},
    {FaultKind::duplicate, "duplicate", "", 0, false},
    {FaultKind::drop_before, "drop_before", "", 0, true},
    {FaultKind::pending, "pending", "ms", 1'000, false},
    {FaultKind::late_effect, "late_effect", "ms", 1'000, false},
});
constexpr bool in_order() {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (static_cast<std::size_t>(kinds[i].kind) != i) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by the kind");

std::string kind_names() {
  std::string all;
  for (const Kind& k : kinds) all.append(all.empty() ? "" : ", ").append(k.name);
  return all;
}
Refusal refused(std::string field, std::string detail, std::string allowed) {
  return {Errc::invalid_value, std::move(field), std::move(detail), std::move(allowed)};
}
bool understands(const Kind& kind, std::string_view field) {
  return kind.fields.find(field) != std::string_view::npos;
}

std::optional<Refusal> read_kind(const JsonFields& in, const Kind*& kind) {
  const auto name = in.text("kind", 40);
  if (!name) return name.refusal();
  const auto at = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == *name; });
  if (at == kinds.end()) return refused("/kind", "there is no fault \"" + *name + '"', kind_names());
  kind = &*at;
  for (std::string_view field : {"ms", "status", "when", "code", "reason"})
    if (in.has(field) && !understands(*kind, field))
      return refused('/' + std::string(field),
                     std::string(kind->name) + " does not take " + std::string(field),
                     std::string(kind->fields));
  return std::nullopt;
}

// What the fault does.
std::optional<Refusal> read_fault(const JsonFields& in, const Kind& kind, Fault& out) {
  constexpr std::int64_t an_hour = 3'600'000;
  out.kind = kind.kind;
  out.time = std::chrono::milliseconds(kind.ms);
  if (in.has("ms") || kind.kind == FaultKind::delay) {
    const auto ms = in.whole("ms", 1, an_hour);
    if (!ms) return ms.refusal();
    out.time = std::chrono::milliseconds(*ms);
  }
  if (in.has("status")) {
    const auto status = in.whole("status", 400, 599);
    if (!status) return status.refusal();
    out.status = static_cast<int>(*status);
  }
  if (in.has("when")) {
    const auto when = in.text("when", 10);
    if (!when) return when.refusal();
    if (*when != "before" && *when != "after")
      return refused("/when", "before or after executing?", "before, after");
    out.after = *when == "after";
  }
  out.code = "AC04";
  out.reason = "closed account";
  if (in.has("code")) {
    auto code = in.text("code", 35);
    if (!code) return code.refusal();
    out.code = *code;
  }
  if (in.has("reason")) {
    auto reason = in.text("reason", 140);
    if (!reason) return reason.refusal();
    out.reason = *reason;
  }
  return std::nullopt;
}

// Whom it strikes and how often.
std::optional<Refusal> read_aim(const JsonFields& in, const Kind& kind, FaultScript& out) {
  if (!in.has("rate") && !in.has("count"))
    return Refusal{Errc::missing_field, "/rate", "say how often: a rate, a count, or both", "rate, count"};
  if (in.has("rate")) {
    const auto rate = in.share_ppm("rate");
    if (!rate) return rate.refusal();
    out.rate_ppm = *rate;
  }
  if (in.has("count")) {
    const auto count = in.whole("count", 1, 1'000'000'000);
    if (!count) return count.refusal();
    out.left = *count;
  }
  if (in.has("seed")) {
    const auto seed = in.bits("seed");
    if (!seed) return seed.refusal();
    out.seed = *seed;
  }
  out.chance.seed(out.seed);
  if (in.has("op")) {
    const auto op = in.text("op", 10);
    if (!op) return op.refusal();
    if (*op != "SEND" && *op != "INQUIRY" && *op != "ANY")
      return refused("/op", "there is no operation \"" + *op + '"', "SEND, INQUIRY, ANY");
    out.op = *op == "SEND" ? Operation::SEND : *op == "INQUIRY" ? Operation::INQUIRY : Operation::ANY;
    if (out.op != Operation::SEND && !kind.inquiries)
      return refused("/op", std::string(kind.name) + " can only happen to a SEND", "SEND");
  }
  if (in.has("bank")) {
    const auto text = in.text("bank", 11);
    if (!text) return text.refusal();
    const auto bank = bic_from(*text);
    if (!bank) return refused("/bank", bank.refusal().detail, bank.refusal().allowed);
    out.bank = *bank;
  }
  return std::nullopt;
}
}  // namespace

std::string_view to_string(FaultKind kind) { return kinds.at(static_cast<std::size_t>(kind)).name; }
std::string_view to_string(Operation op) {
  constexpr std::array<std::string_view, 3> names{"SEND", "INQUIRY", "ANY"};
  return names.at(static_cast<std::size_t>(op));
}

Result<FaultScript> fault_script_from(std::string_view json) {
  const auto in = JsonFields::parse(
      json, {"kind", "rate", "count", "seed", "ms", "status", "when", "bank", "op", "code", "reason"});
  if (!in) return in.refusal();
  FaultScript script;
  const Kind* kind = nullptr;
  if (auto no = read_kind(*in, kind)) return *no;
  if (auto no = read_fault(*in, *kind, script.fault)) return *no;
  if (auto no = read_aim(*in, *kind, script)) return *no;
  return script;
}

std::uint64_t FaultBook::add(FaultScript script) {
  const std::lock_guard lock(mutex_);
  script.id = ++last_id_;
  scripts_.push_back(std::move(script));
  return last_id_;
}

bool FaultBook::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(scripts_, [id](const FaultScript& s) { return s.id == id; }) > 0;
}

void FaultBook::clear() {
  const std::lock_guard lock(mutex_);
  scripts_.clear();
}

FaultDecision FaultBook::decide(Operation op, std::string_view creditor) {
  const std::lock_guard lock(mutex_);
  FaultDecision decision;
  for (FaultScript& s : scripts_) {
    if ((s.op != Operation::ANY && s.op != op) || (!s.bank.empty() && s.bank != creditor)) continue;
    ++s.matched;
    // Drawn also when the script has no shots left or another one has fired already: what this script
    // does depends on its seed and its requests, not on its neighbours.
    const bool hit = static_cast<std::int64_t>(s.chance() % 1'000'000) < s.rate_ppm;
    if (!hit || s.left == 0) continue;
    const bool is_delay = s.fault.kind == FaultKind::delay;
    if (!is_delay && decision.fault) continue;
    if (s.left) --*s.left;
    ++s.fired;
    if (is_delay)
      decision.delay += s.fault.time;
    else
      decision.fault = s.fault;
  }
  return decision;
}

std::string to_json(const FaultScript& s) {
  nlohmann::ordered_json out{{"id", s.id}, {"kind", to_string(s.fault.kind)}, {"op", to_string(s.op)}};
  const Kind& kind = kinds.at(static_cast<std::size_t>(s.fault.kind));
  if (!s.bank.empty()) out["bank"] = s.bank;
  out["rate"] = static_cast<double>(s.rate_ppm) / 1e6;
  if (s.left) out["left"] = *s.left;
  out["seed"] = s.seed;
  if (understands(kind, "ms")) out["ms"] = s.fault.time.count();
  if (understands(kind, "status")) out["status"] = s.fault.status;
  if (understands(kind, "when")) out["when"] = s.fault.after ? "after" : "before";
  if (understands(kind, "code")) out["code"] = s.fault.code, out["reason"] = s.fault.reason;
  out["matched"] = s.matched;
  out["fired"] = s.fired;
  return out.dump();
}

std::string FaultBook::json() const {
  const std::lock_guard lock(mutex_);
  std::string all = "[";
  for (const FaultScript& s : scripts_) all.append(all.size() > 1 ? "," : "").append(to_json(s));
  return all + "]";
}
}  // namespace settled::sandbox
