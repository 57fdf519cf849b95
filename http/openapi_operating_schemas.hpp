// The shapes of the operators' bodies, as the JSON Schema part of the OpenAPI document.
#pragma once

namespace settled {

inline constexpr char openapi_operating_schemas[] = R"json({
"ReasonText": {"type": "string", "minLength": 1, "maxLength": 500},
"Reason": {"type": "object", "additionalProperties": false, "required": ["reason"], "properties": {"reason": {"$ref": "#/components/schemas/ReasonText"}}},
"Resolution": {"type": "object", "additionalProperties": false, "required": ["verdict", "reason"], "properties": {
  "verdict": {"enum": ["executed", "not_executed"]}, "reason": {"$ref": "#/components/schemas/ReasonText"},
  "bank_reference": {"type": "string", "minLength": 1, "maxLength": 64, "description": "With executed, where the bank told one."}},
  "examples": [{"verdict": "executed", "reason": "seen on the statement of 2026-11-21, line 14", "bank_reference": "BP-7719"}]},
"Decision": {"type": "object", "additionalProperties": false, "required": ["verdict", "reason"], "properties": {
  "verdict": {"enum": ["release", "reject"]}, "reason": {"$ref": "#/components/schemas/ReasonText"}}},
"Approval": {"type": "object", "additionalProperties": false, "required": ["digest"], "properties": {
  "digest": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$", "description": "SHA-256 of exactly what was shown."}}},
"Action": {"type": "object", "required": ["id", "kind", "state", "settlement", "reason", "shown", "digest", "requested_by", "requested_at"], "properties": {
  "id": {"type": "string", "examples": ["act_01m7z0wybfez7rnh5fkc1w62v9"]}, "kind": {"enum": ["resolve", "compensate", "decide"]},
  "state": {"enum": ["pending", "approved", "superseded"]}, "settlement": {"type": "string"}, "verdict": {"type": ["string", "null"]},
  "reason": {"type": "string"}, "bank_reference": {"type": ["string", "null"]},
  "shown": {"type": "string", "description": "One fact per line: what the second person reads."}, "digest": {"type": "string"},
  "requested_by": {"type": "string"}, "requested_at": {"$ref": "#/components/schemas/Time"},
  "approved_by": {"type": ["string", "null"]}, "approved_at": {"$ref": "#/components/schemas/Time"},
  "approve": {"type": ["string", "null"], "description": "Where the second person approves; in lists it is left out."}}},
"Approved": {"type": "object", "required": ["action", "settlement"], "properties": {
  "action": {"$ref": "#/components/schemas/Action"}, "settlement": {"$ref": "#/components/schemas/Settlement"}}},
"FundLock": {"type": "object", "required": ["settlement", "state", "amount", "currency", "placed_at", "why"], "properties": {
  "settlement": {"type": "string"}, "state": {"enum": ["held", "posted", "released", "expired"]},
  "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
  "debit_account": {"type": "string"}, "credit_account": {"type": "string"},
  "placed_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
  "why": {"type": "string", "description": "What the hold waits for, in words."}}},
"Unknown": {"type": "object", "required": ["settlement", "kind", "amount", "currency", "owner", "since", "age_s"], "properties": {
  "settlement": {"type": "string"}, "kind": {"enum": ["doubt", "in_process"], "description": "in_process: the bank has accepted it and not ended it."},
  "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
  "owner": {"type": "string", "description": "The connector that asks its bank."}, "reference": {"type": "string"},
  "attempts": {"type": "integer"}, "outcome": {"type": ["string", "null"]}, "unknown_since": {"$ref": "#/components/schemas/Time", "description": "Of a doubt."},
  "since": {"$ref": "#/components/schemas/Time", "description": "Of a doubt its begin, else when it was last sent."},
  "age_s": {"type": "integer"}, "break": {"type": ["string", "null"]}, "action": {"type": ["string", "null"], "description": "What waits for a second person."}}},
"HeldOrder": {"type": "object", "required": ["settlement", "why"], "properties": {
  "settlement": {"type": "string"}, "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
  "why": {"type": "string", "description": "The entry of the list that matched, and the reason there."},
  "created_at": {"$ref": "#/components/schemas/Time"}, "action": {"type": ["string", "null"]}}},
"Compensation": {"type": "object", "required": ["id", "settlement", "action", "amount", "currency", "reason", "at"], "properties": {
  "id": {"type": "string"}, "settlement": {"type": "string"}, "action": {"type": "string"},
  "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
  "reason": {"type": "string"}, "at": {"$ref": "#/components/schemas/Time"}}},
"Break": {"type": "object", "required": ["id", "kind", "state", "settlement", "detail", "opened_at"], "properties": {
  "id": {"type": "string"}, "kind": {"type": "string", "examples": ["unknown_outcome", "late_success", "late_refusal"]}, "state": {"enum": ["open", "closed"]},
  "settlement": {"type": "string"}, "detail": {"type": "string"}, "opened_at": {"$ref": "#/components/schemas/Time"},
  "closed_at": {"$ref": "#/components/schemas/Time"}, "closed_by": {"type": ["string", "null"]}, "close_reason": {"type": ["string", "null"]}}},
"ClosedBreak": {"type": "object", "required": ["id", "state"], "properties": {"id": {"type": "string"}, "state": {"const": "closed"}}},
"AccountChange": {"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
  "status": {"enum": ["open", "closed"]}, "floor": {"type": ["string", "number"], "description": "Zero, or a negative amount for a credit line."},
  "low_threshold": {"type": ["string", "number", "null"]}, "high_threshold": {"type": ["string", "number", "null"], "description": "Null: none."}}},
"Netting": {"type": "object", "additionalProperties": false, "oneOf": [{"required": ["obligations"]}, {"required": ["window"]}], "properties": {
  "window": {"$ref": "#/components/schemas/NettingWindow"},
  "obligations": {"type": "array", "minItems": 1, "maxItems": 10000, "items": {"type": "object", "additionalProperties": false,
    "required": ["obligation_id", "from_bank", "to_bank", "amount", "currency"], "properties": {
    "obligation_id": {"type": "string", "minLength": 1, "maxLength": 64},
    "from_bank": {"$ref": "#/components/schemas/Bic", "description": "Who owes."}, "to_bank": {"$ref": "#/components/schemas/Bic"},
    "amount": {"$ref": "#/components/schemas/Amount"}, "currency": {"$ref": "#/components/schemas/Currency"}}}},
  "dry_run": {"type": "boolean", "default": false, "description": "Shows what would happen and changes nothing."},
  "without": {"type": "array", "items": {"$ref": "#/components/schemas/Bic"}, "description": "Of a dry run: compare with these banks left out."}}},
"NettingWindow": {"type": "object", "additionalProperties": false, "required": ["currency"], "description": "The orders that wait (PENDING) in this currency and whose banks are active and have an open vostro here; all of them settle, or none.", "properties": {
  "currency": {"$ref": "#/components/schemas/Currency"}, "value_date": {"type": "string", "format": "date"},
  "method": {"enum": ["SWIFT", "SEPA", "LOCAL_ACH", "MOCK"]},
  "banks": {"type": "array", "minItems": 2, "maxItems": 1000, "uniqueItems": true, "items": {"$ref": "#/components/schemas/Bic"}, "description": "Payer's and payee's bank are both among these."}}},
"NetSide": {"type": "object", "required": ["sum", "obligations"], "properties": {
  "sum": {"$ref": "#/components/schemas/AmountText"}, "obligations": {"type": "array", "items": {"type": "string"}}}},
"NetTotals": {"type": "array", "items": {"type": "object", "required": ["currency", "obligations", "gross", "bilateral", "multilateral"], "properties": {
  "currency": {"$ref": "#/components/schemas/Currency"}, "obligations": {"type": "integer"}, "gross": {"$ref": "#/components/schemas/AmountText"},
  "bilateral": {"$ref": "#/components/schemas/AmountText"}, "multilateral": {"$ref": "#/components/schemas/AmountText"}}}},
"NetPositions": {"type": "array", "items": {"type": "object", "required": ["currency", "bank", "in", "out", "net"], "properties": {
  "currency": {"$ref": "#/components/schemas/Currency"}, "bank": {"$ref": "#/components/schemas/Bic"},
  "in": {"$ref": "#/components/schemas/NetSide"}, "out": {"$ref": "#/components/schemas/NetSide"},
  "net": {"$ref": "#/components/schemas/AmountText", "description": "Positive when the bank receives."}}}},
"NetPairs": {"type": "array", "items": {"type": "object", "required": ["currency", "first", "second", "first_owes", "second_owes", "net"], "properties": {
  "currency": {"$ref": "#/components/schemas/Currency"}, "first": {"$ref": "#/components/schemas/Bic"}, "second": {"$ref": "#/components/schemas/Bic"},
  "first_owes": {"$ref": "#/components/schemas/NetSide"}, "second_owes": {"$ref": "#/components/schemas/NetSide"},
  "net": {"$ref": "#/components/schemas/AmountText", "description": "Positive when the first receives."}}}},
"NetPayments": {"type": "array", "items": {"type": "object", "required": ["from_bank", "to_bank", "amount", "currency"], "properties": {
  "from_bank": {"$ref": "#/components/schemas/Bic"}, "to_bank": {"$ref": "#/components/schemas/Bic"},
  "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"}}}},
"NetLines": {"type": "array", "items": {"type": "object", "required": ["currency", "bank", "pays", "receives", "available", "short_by", "over_cap_by", "breaks"], "properties": {
  "currency": {"$ref": "#/components/schemas/Currency"}, "bank": {"$ref": "#/components/schemas/Bic"},
  "pays": {"$ref": "#/components/schemas/AmountText"}, "receives": {"$ref": "#/components/schemas/AmountText"},
  "available": {"type": ["string", "null"], "description": "Null: we keep no vostro of this bank in the currency."},
  "net_debit_cap": {"type": ["string", "null"]}, "short_by": {"$ref": "#/components/schemas/AmountText"},
  "over_cap_by": {"$ref": "#/components/schemas/AmountText"}, "breaks": {"type": "boolean"}}}},
"NettingBooked": {"type": "object", "required": ["id", "at", "dry_run", "totals", "positions", "bilateral", "payments"], "properties": {
  "id": {"type": "string", "examples": ["jrn_01m7z0wyhefp0svh80fk7v5vbc"]}, "at": {"$ref": "#/components/schemas/Time"}, "dry_run": {"const": false},
  "totals": {"$ref": "#/components/schemas/NetTotals"}, "positions": {"$ref": "#/components/schemas/NetPositions"},
  "bilateral": {"$ref": "#/components/schemas/NetPairs"}, "payments": {"$ref": "#/components/schemas/NetPayments"}}},
"NettingDryRun": {"type": "object", "required": ["dry_run", "feasible", "totals", "positions", "bilateral", "payments", "lines", "without"], "properties": {
  "dry_run": {"const": true}, "feasible": {"type": "boolean", "description": "Nobody's cap or liquidity would break."},
  "totals": {"$ref": "#/components/schemas/NetTotals"}, "positions": {"$ref": "#/components/schemas/NetPositions"},
  "bilateral": {"$ref": "#/components/schemas/NetPairs"}, "payments": {"$ref": "#/components/schemas/NetPayments"},
  "lines": {"$ref": "#/components/schemas/NetLines"},
  "without": {"type": ["object", "null"], "properties": {
    "banks": {"type": "array", "items": {"type": "string"}}, "left_open": {"type": "array", "items": {"type": "string"}}, "feasible": {"type": "boolean"},
    "totals": {"$ref": "#/components/schemas/NetTotals"}, "positions": {"$ref": "#/components/schemas/NetPositions"},
    "bilateral": {"$ref": "#/components/schemas/NetPairs"}, "payments": {"$ref": "#/components/schemas/NetPayments"},
    "lines": {"$ref": "#/components/schemas/NetLines"},
    "newly_broken": {"$ref": "#/components/schemas/NetLines"}, "healed": {"$ref": "#/components/schemas/NetLines"}}}}},
"BookedNetting": {"type": "object", "required": ["id", "positions", "obligations", "at", "caller"], "properties": {
  "id": {"type": "string"}, "positions": {"type": "array", "items": {"type": "object"}}, "obligations": {"type": "array", "items": {"type": "object"}},
  "at": {"$ref": "#/components/schemas/Time"}, "caller": {"type": "string"}}},
"ClockTime": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
"Session": {"type": "object", "additionalProperties": false, "required": ["opens", "closes", "cut_off"], "description": "Times of a wall clock in the window's zone; the days count from the business day.", "properties": {
  "opens": {"$ref": "#/components/schemas/ClockTime"}, "opens_day": {"type": "integer", "minimum": -1, "maximum": 0, "default": 0},
  "closes": {"$ref": "#/components/schemas/ClockTime"}, "closes_day": {"type": "integer", "minimum": 0, "maximum": 1, "default": 0},
  "cut_off": {"$ref": "#/components/schemas/ClockTime"}, "cut_off_day": {"type": "integer", "minimum": -1, "maximum": 1, "default": 0}}},
"Window": {"type": "object", "additionalProperties": false, "required": ["zone", "weekdays", "sessions"], "properties": {
  "name": {"type": "string", "description": "That of the path."},
  "currency": {"type": ["string", "null"], "description": "Null: every currency."}, "method": {"type": ["string", "null"], "description": "Null: every method."},
  "zone": {"type": "string", "examples": ["Africa/Abidjan"]},
  "weekdays": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "integer", "minimum": 1, "maximum": 7}, "description": "1 Monday to 7 Sunday."},
  "calendar": {"type": ["string", "null"], "description": "Whose holidays are no business days."},
  "effective_from": {"type": ["string", "null"], "format": "date"}, "effective_to": {"type": ["string", "null"], "format": "date"},
  "sessions": {"type": "array", "minItems": 1, "maxItems": 24, "items": {"$ref": "#/components/schemas/Session"}}},
  "examples": [{"currency": "XOF", "zone": "Africa/Abidjan", "weekdays": [1, 2, 3, 4, 5], "calendar": "UEMOA", "sessions": [{"opens": "08:00", "closes": "15:30", "cut_off": "15:00"}]}]},
"Windows": {"type": "object", "required": ["windows"], "properties": {"windows": {"type": "array", "items": {"$ref": "#/components/schemas/Window"}}}},
"NextWindow": {"type": "object", "required": ["state", "window", "zone", "opens_at", "closes_at", "next_cut_off", "value_date", "reason"], "properties": {
  "state": {"enum": ["open", "after_cut_off", "closed", "none"]}, "window": {"type": ["string", "null"]}, "zone": {"type": ["string", "null"]},
  "opens_at": {"$ref": "#/components/schemas/Time"}, "closes_at": {"$ref": "#/components/schemas/Time"}, "next_cut_off": {"$ref": "#/components/schemas/Time"},
  "value_date": {"type": ["string", "null"], "format": "date"}, "reason": {"type": ["string", "null"], "description": "Why it is not open."}}},
"Holiday": {"type": "object", "additionalProperties": false, "required": ["date", "name"], "properties": {
  "date": {"type": "string", "format": "date"}, "name": {"type": "string", "minLength": 1, "maxLength": 140}}},
"HolidayRule": {"type": "object", "additionalProperties": false, "required": ["name", "kind"], "properties": {
  "name": {"type": "string", "minLength": 1, "maxLength": 140}, "kind": {"enum": ["fixed", "easter", "nth_weekday", "last_weekday", "single"], "description": "A kind takes its own fields of these and no others."},
  "month": {"type": "integer", "minimum": 1, "maximum": 12, "description": "fixed, nth_weekday, last_weekday"}, "day": {"type": "integer", "minimum": 1, "maximum": 31, "description": "fixed"},
  "days": {"type": "integer", "minimum": -80, "maximum": 200, "description": "easter: days after Easter Sunday"}, "nth": {"type": "integer", "minimum": 1, "maximum": 5, "description": "nth_weekday"},
  "weekday": {"type": "integer", "minimum": 1, "maximum": 7, "description": "nth_weekday, last_weekday: 1 Monday to 7 Sunday"}, "date": {"type": "string", "format": "date", "description": "single"},
  "observance": {"enum": ["as_it_falls", "sunday_to_monday", "weekend_to_next_weekday"], "default": "as_it_falls"},
  "first_year": {"type": "integer"}, "last_year": {"type": "integer"}, "provisional": {"type": "boolean", "default": false, "description": "Subject to an announcement: look again."}}},
"CalendarRules": {"type": "object", "additionalProperties": false, "required": ["rules"], "properties": {
  "name": {"type": "string", "description": "That of the path."}, "rules": {"type": "array", "minItems": 1, "maxItems": 400, "items": {"$ref": "#/components/schemas/HolidayRule"}},
  "next": {"type": "array", "items": {"type": "object"}, "description": "As it was shown; read over."}}},
"Calendar": {"type": "object", "required": ["name", "rules", "next"], "properties": {
  "name": {"type": "string"}, "rules": {"type": "array", "items": {"$ref": "#/components/schemas/HolidayRule"}},
  "next": {"type": "array", "description": "The holidays of this and the next year.", "items": {"type": "object", "properties": {
    "date": {"type": "string", "format": "date"}, "name": {"type": "string"},
    "substitute": {"type": "boolean", "description": "The day given for a holiday on a weekend."},
    "provisional": {"type": "boolean", "description": "Subject to an announcement: look again."}}}}}},
"Calendars": {"type": "object", "required": ["calendars"], "properties": {"calendars": {"type": "array", "items": {"$ref": "#/components/schemas/Calendar"}}}},
"BankChange": {"type": "object", "additionalProperties": false, "required": ["status"], "properties": {
  "name": {"type": "string", "maxLength": 140}, "status": {"enum": ["active", "suspended"]}}},
"Bank": {"type": "object", "required": ["bic", "name", "status"], "properties": {
  "bic": {"$ref": "#/components/schemas/Bic"}, "name": {"type": "string"}, "status": {"enum": ["active", "suspended"]}}},
"Banks": {"type": "object", "required": ["banks"], "properties": {"banks": {"type": "array", "items": {"$ref": "#/components/schemas/Bank"}}}},
"Recovery": {"type": "object", "required": ["done", "taken_up", "found", "resolved", "left", "parked"], "properties": {
  "done": {"type": "boolean"}, "started_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
  "taken_up": {"type": "integer"}, "found": {"type": "object", "description": "Of those taken up, how many in which state.", "properties": {
    "FUNDS_LOCKED": {"type": "integer"}, "EXECUTING": {"type": "integer"}, "CONFIRMING": {"type": "integer"}, "waiting": {"type": "integer"}}},
  "resolved": {"type": "integer", "description": "Final by now."}, "left": {"type": "integer"}, "parked": {"type": "integer"}}},
"Job": {"type": "object", "required": ["name", "purpose", "every_seconds", "running", "runs", "last_started", "last_ended", "last_ok", "last_result"], "properties": {
  "name": {"type": "string"}, "purpose": {"type": "string"}, "every_seconds": {"type": "integer"}, "running": {"type": "boolean"}, "runs": {"type": "integer"},
  "last_started": {"$ref": "#/components/schemas/Time"}, "last_ended": {"$ref": "#/components/schemas/Time"},
  "last_ok": {"type": ["boolean", "null"]}, "last_result": {"type": ["string", "null"]}}},
"Jobs": {"type": "object", "required": ["jobs"], "properties": {"jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}},
"Invariants": {"type": "object", "required": ["ok", "checked_at", "seconds", "invariants", "failure", "stale"], "properties": {
  "ok": {"type": ["boolean", "null"], "description": "Null: nothing was checked yet. False stops all sends."},
  "checked_at": {"$ref": "#/components/schemas/Time"}, "seconds": {"type": "number"},
  "invariants": {"type": "array", "items": {"type": "object", "required": ["name", "violations", "example"], "properties": {
    "name": {"type": "string"}, "violations": {"type": "integer"}, "example": {"type": ["string", "null"]}}}},
  "failure": {"type": ["string", "null"], "description": "Why the last check could not run; the rest is then of the one before. Repeated, it stops all sends."},
  "stale": {"type": "boolean", "description": "Three checks should have run since."}}}
})json";

}  // namespace settled
