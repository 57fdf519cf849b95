// Net positions, booked between the vostros of their banks.
#include "storage/ledger_book.hpp"

namespace settled {
namespace {
std::string obligations_json(const std::vector<Obligation>& obligations) {
  std::string json = "[";
  for (const Obligation& o : obligations) {
    if (json.size() > 1) json += ',';
    json += JsonObject{}
                .text("id", o.id)
                .text("from", o.from)
                .text("to", o.to)
                .text("amount", format_amount(o.amount.minor, o.amount.currency))
                .text("currency", o.amount.currency.code())
                .done();
  }
  return json + ']';
}

std::string positions_json(const std::vector<MultilateralNet>& positions) {
  std::string json = "[";
  for (const auto& p : positions) {
    if (json.size() > 1) json += ',';
    json += JsonObject{}
                .text("participant", p.participant)
                .text("currency", p.currency.code())
                .text("in", format_amount(p.in.sum, p.currency))
                .text("out", format_amount(p.out.sum, p.currency))
                .text("net", format_amount(p.net, p.currency))
                .done();
  }
  return json + ']';
}
}  // namespace

MeansFound LedgerBook::means() const {
  MeansFound found;
  for (const auto& [key, id] : vostros_) {
    const Account& a = accounts_.at(id);
    found.means.push_back({.participant = a.bank,
                           .currency = a.currency,
                           .available = a.status == AccountStatus::open ? available(a) : 0,
                           .net_debit_cap = std::nullopt});
  }
  return found;
}

NettingBooked LedgerBook::book_netting(JournalId journal, const BookNetting& request, LedgerBatch& batch) {
  const auto plan = dry_run(request.obligations, means().means);
  if (!plan) return {.refusal = plan.refusal()};
  for (const DryRunLine& line : plan->lines) {
    if (!vostros_.contains({line.participant, line.currency}))
      return {.refusal = {Errc::unknown_bank, "/obligations",
                          line.participant + " has no vostro in " + std::string(line.currency.code()) + ".",
                          "a bank with a vostro: GET /api/v1/accounts/vostro"}};
    if (line.breaks())
      return {.refusal = {Errc::netting_infeasible, "/obligations",
                          line.participant + " would pay " + format_for_people(line.pays, line.currency) +
                              " and has " + format_for_people(line.available, line.currency) + " available.",
                          "the dry run shows who lacks what: \"dry_run\": true"}};
  }
  const Micros now = clock_();
  for (const auto& position : plan->netting.multilateral)
    if (position.net != 0)
      post(vostros_.at({position.participant, position.currency}), journal.uuid, -position.net, now, batch);
  const auto positions = positions_json(plan->netting.multilateral);
  batch.nettings.push_back({.id = journal,
                            .caller = request.caller,
                            .idempotency_key = request.idempotency_key,
                            .request_digest = request.request_digest,
                            .obligations = obligations_json(request.obligations),
                            .positions = positions,
                            .at = now});
  chain_.append(batch, now, "netting.booked", journal.uuid,
                JsonObject{}
                    .number("obligations", static_cast<std::int64_t>(request.obligations.size()))
                    .raw("positions", positions)
                    .done());
  return {.journal = journal, .at = now};
}
}  // namespace settled
