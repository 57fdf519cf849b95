#include "actors/figures.hpp"

namespace settled {
namespace {
using Self = FiguresActor::stateful_pointer<FiguresState>;

/// The next look is due when the last of these questions has ended, whichever way: a slow database is not
/// asked twice at once.
void answered(Self self) {
  if (--self->state.open == 0) self->delayed_send(self, self->state.settings.every, LookAtFigures{});
}

void look(Self self) {
  const auto& s = self->state.settings;
  const auto silence = [self](const caf::error&) { answered(self); };
  self->state.open = 3;
  for (const char* kind : {"nostro", "vostro"})
    self->request(s.reader, s.patience, ListAccounts{.kind = kind, .limit = 200})
        .then(
            [self](const AccountPage& page) {
              self->state.settings.on_accounts(page.accounts);
              answered(self);
            },
            silence);
  self->request(s.reader, s.patience, ListSettlements{.status = "CONFIRMING", .limit = 200})
      .then(
          [self](const SettlementPage& page) {
            self->state.settings.on_confirming(page.settlements);
            answered(self);
          },
          silence);
}
}  // namespace

FiguresActor::behavior_type figures(Self self, FiguresSettings settings) {
  self->state.settings = std::move(settings);
  self->send(self, LookAtFigures{});
  return {[=](const LookAtFigures&) { look(self); }};
}
}  // namespace settled
