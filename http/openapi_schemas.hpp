// The shapes of the API's bodies, as the JSON Schema part of the OpenAPI document.
#pragma once

namespace settled {

inline constexpr char openapi_schemas[] = R"json({
"Amount": {"description": "Decimal text with at most the currency's decimals; in a request also a JSON number, whose digits are taken as text.",
  "oneOf": [{"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"}, {"type": "number", "exclusiveMinimum": 0}], "examples": ["150000", "150.25"]},
"AmountText": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "examples": ["150.25"]},
"Bic": {"type": "string", "pattern": "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", "examples": ["ABIDCIAB"]},
"Currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217", "examples": ["XOF", "GHS"]},
"Status": {"enum": ["PENDING", "VALIDATING", "FUNDS_LOCKED", "EXECUTING", "CONFIRMING", "COMPLETED", "FAILED", "ROLLED_BACK"]},
"Priority": {"enum": ["NORMAL", "HIGH", "URGENT"], "default": "NORMAL"},
"Method": {"enum": ["SWIFT", "SEPA", "LOCAL_ACH", "MOCK"], "default": "LOCAL_ACH"},
"AccountKind": {"enum": ["nostro", "vostro", "wallet", "treasury", "fee", "suspense", "clearing"]},
"Time": {"type": ["string", "null"], "format": "date-time"},
"Order": {"type": "object", "additionalProperties": false,
  "required": ["obligation_id", "from_bank", "to_bank", "amount", "currency"],
  "properties": {
    "obligation_id": {"type": "string", "minLength": 1, "maxLength": 64},
    "from_bank": {"$ref": "#/components/schemas/Bic"}, "to_bank": {"$ref": "#/components/schemas/Bic"},
    "amount": {"$ref": "#/components/schemas/Amount"}, "currency": {"$ref": "#/components/schemas/Currency"},
    "settlement_date": {"type": "string", "format": "date", "description": "No session before this day; at most 365 days ahead. Left out: the next session, and the day on which it came is shown."},
    "priority": {"$ref": "#/components/schemas/Priority"}, "method": {"$ref": "#/components/schemas/Method"},
    "metadata": {"type": "object", "description": "Yours; at most 4096 bytes. All texts in it are screened."},
    "outside_window": {"enum": ["queue", "refuse"], "description": "Where the window is shut: wait for it, or be refused. By policy when left out."},
    "insufficient_funds": {"enum": ["queue", "refuse"], "description": "Where an account cannot pay now: wait until the cut-off, or fail. By policy when left out."}},
  "examples": [{"obligation_id": "OB-1", "from_bank": "ABIDCIAB", "to_bank": "DAKRSNDA", "amount": "150000", "currency": "XOF"}]},
"BatchOrder": {"type": "object", "additionalProperties": false,
  "required": ["obligation_id", "from_bank", "to_bank", "amount", "currency"],
  "properties": {
    "idempotency_key": {"type": "string", "minLength": 1, "maxLength": 255, "description": "The header's key, a slash and the index when left out."},
    "obligation_id": {"type": "string", "minLength": 1, "maxLength": 64},
    "from_bank": {"$ref": "#/components/schemas/Bic"}, "to_bank": {"$ref": "#/components/schemas/Bic"},
    "amount": {"$ref": "#/components/schemas/Amount"}, "currency": {"$ref": "#/components/schemas/Currency"},
    "settlement_date": {"type": "string", "format": "date"},
    "priority": {"$ref": "#/components/schemas/Priority"}, "method": {"$ref": "#/components/schemas/Method"},
    "metadata": {"type": "object"}, "outside_window": {"enum": ["queue", "refuse"]}, "insufficient_funds": {"enum": ["queue", "refuse"]}}},
"Orders": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {"$ref": "#/components/schemas/BatchOrder"}},
"Batch": {"oneOf": [{"$ref": "#/components/schemas/Orders"},
  {"type": "object", "additionalProperties": false, "required": ["orders"], "properties": {"orders": {"$ref": "#/components/schemas/Orders"}}}]},
"Checkpoint": {"type": "object", "required": ["name", "at"], "properties": {
  "name": {"enum": ["Validation", "Lock", "Transfer", "Confirm", "Finalize"]}, "at": {"$ref": "#/components/schemas/Time"}}},
"Failure": {"type": ["object", "null"], "required": ["code", "detail"], "properties": {"code": {"type": "string"}, "detail": {"type": "string"}}},
"Waiting": {"type": ["object", "null"], "description": "Of an order that is recorded and holds nothing yet.", "required": ["for", "detail"], "properties": {
  "for": {"enum": ["window", "liquidity", "compliance"]}, "detail": {"type": "string"}, "release_at": {"$ref": "#/components/schemas/Time"}}},
"Links": {"type": "object", "properties": {"self": {"type": "string"}, "timeline": {"type": "string"}}},
"Receipt": {"type": "object", "description": "What the first commit recorded; a replay is equal byte for byte.",
  "required": ["id", "status", "obligation_id", "from_bank", "to_bank", "amount", "currency", "settlement_date", "priority", "method", "metadata", "reference", "created_at", "checkpoints", "failure", "links"],
  "properties": {"id": {"type": "string"}, "status": {"enum": ["EXECUTING", "FAILED", "PENDING", "VALIDATING"]}, "obligation_id": {"type": "string"},
    "from_bank": {"$ref": "#/components/schemas/Bic"}, "to_bank": {"$ref": "#/components/schemas/Bic"},
    "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
    "settlement_date": {"type": "string", "format": "date"}, "priority": {"$ref": "#/components/schemas/Priority"},
    "method": {"$ref": "#/components/schemas/Method"}, "metadata": {"type": "object"},
    "reference": {"type": "string"}, "created_at": {"$ref": "#/components/schemas/Time"},
    "checkpoints": {"type": "array", "items": {"$ref": "#/components/schemas/Checkpoint"}},
    "failure": {"$ref": "#/components/schemas/Failure"}, "value_date": {"type": ["string", "null"], "format": "date", "description": "The business day that it counts for."},
    "next_cut_off": {"$ref": "#/components/schemas/Time"}, "waiting": {"$ref": "#/components/schemas/Waiting"},
    "links": {"$ref": "#/components/schemas/Links"}}},
"Settlement": {"type": "object",
  "required": ["id", "status", "obligation_id", "from_bank", "to_bank", "amount", "currency", "attempts", "unknown", "checkpoints", "failure", "created_at"],
  "properties": {"id": {"type": "string"}, "status": {"$ref": "#/components/schemas/Status"}, "obligation_id": {"type": "string"},
    "from_bank": {"$ref": "#/components/schemas/Bic"}, "to_bank": {"$ref": "#/components/schemas/Bic"},
    "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"},
    "settlement_date": {"type": "string", "format": "date"}, "priority": {"$ref": "#/components/schemas/Priority"},
    "method": {"$ref": "#/components/schemas/Method"}, "metadata": {"type": "object"},
    "debit_account": {"type": ["string", "null"]}, "credit_account": {"type": ["string", "null"]},
    "connector": {"type": "string"}, "reference": {"type": "string"}, "bank_reference": {"type": ["string", "null"]},
    "attempts": {"type": "integer"}, "outcome": {"type": ["string", "null"]},
    "unknown": {"type": "boolean", "description": "The bank has given no verdict: it may have paid. We keep asking; do not send a new order."},
    "checkpoints": {"type": "array", "items": {"$ref": "#/components/schemas/Checkpoint"}},
    "failure": {"$ref": "#/components/schemas/Failure"}, "value_date": {"type": ["string", "null"], "format": "date", "description": "The business day that it counts for."},
    "next_cut_off": {"$ref": "#/components/schemas/Time"}, "waiting": {"$ref": "#/components/schemas/Waiting"},
    "compensated_by": {"type": ["string", "null"], "description": "The entry that gave the money back."}, "trace_id": {"type": "string"},
    "created_at": {"$ref": "#/components/schemas/Time"}, "locked_at": {"$ref": "#/components/schemas/Time"},
    "sent_at": {"$ref": "#/components/schemas/Time"}, "confirmed_at": {"$ref": "#/components/schemas/Time"},
    "finalized_at": {"$ref": "#/components/schemas/Time"}, "links": {"$ref": "#/components/schemas/Links"}}},
"BatchAnswer": {"type": "object", "required": ["results", "accepted", "replayed", "refused"], "properties": {
  "results": {"type": "array", "items": {"type": "object", "required": ["index", "status"], "properties": {
    "index": {"type": "integer"}, "status": {"type": "integer"}, "replayed": {"type": "boolean"},
    "settlement": {"$ref": "#/components/schemas/Receipt"}, "code": {"type": "string"}, "detail": {"type": "string"},
    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}}, "existing": {"type": "string"}}}},
  "accepted": {"type": "integer"}, "replayed": {"type": "integer"}, "refused": {"type": "integer"}}},
"NewAccount": {"type": "object", "additionalProperties": false, "required": ["kind", "currency"], "properties": {
  "kind": {"$ref": "#/components/schemas/AccountKind"},
  "bank": {"$ref": "#/components/schemas/Bic", "description": "Required for nostro and vostro."},
  "currency": {"$ref": "#/components/schemas/Currency"}, "name": {"type": "string", "maxLength": 140},
  "floor": {"type": ["string", "number"], "default": "0", "description": "Zero, or a negative amount for a credit line."},
  "default": {"type": "boolean", "default": false, "description": "The currency's nostro where we hold none at the payee's bank."}}},
"Account": {"type": "object", "required": ["id", "kind", "currency", "status", "balance", "held", "available", "version"], "properties": {
  "id": {"type": "string"}, "kind": {"$ref": "#/components/schemas/AccountKind"}, "bank": {"type": ["string", "null"]},
  "currency": {"$ref": "#/components/schemas/Currency"}, "name": {"type": "string"}, "status": {"enum": ["open", "closed"]},
  "default": {"type": "boolean"}, "balance": {"$ref": "#/components/schemas/AmountText"}, "held": {"$ref": "#/components/schemas/AmountText"},
  "available": {"type": ["string", "null"]}, "floor": {"type": ["string", "null"]},
  "low_threshold": {"type": ["string", "null"], "description": "A balance that comes below it is told as an event."},
  "high_threshold": {"type": ["string", "null"]}, "version": {"type": "integer"}}},
"Funding": {"type": "object", "additionalProperties": false, "required": ["amount", "currency"], "properties": {
  "amount": {"$ref": "#/components/schemas/Amount"}, "currency": {"$ref": "#/components/schemas/Currency"}}},
"Funded": {"type": "object", "required": ["account", "journal", "amount", "currency"], "properties": {
  "account": {"$ref": "#/components/schemas/Account"}, "journal": {"type": "string"},
  "amount": {"$ref": "#/components/schemas/AmountText"}, "currency": {"$ref": "#/components/schemas/Currency"}}},
"Entry": {"type": "object", "required": ["version", "journal", "amount", "currency", "direction", "balance_after", "at"], "properties": {
  "version": {"type": "integer"}, "journal": {"type": "string"}, "amount": {"$ref": "#/components/schemas/AmountText"},
  "currency": {"$ref": "#/components/schemas/Currency"}, "direction": {"enum": ["debit", "credit"]},
  "balance_after": {"$ref": "#/components/schemas/AmountText"}, "at": {"$ref": "#/components/schemas/Time"}}},
"Event": {"type": "object", "required": ["id", "kind", "subject", "at", "payload"], "properties": {
  "id": {"type": "string", "examples": ["0-17"]}, "kind": {"type": "string", "examples": ["settlement.completed"]},
  "subject": {"type": "string"}, "at": {"$ref": "#/components/schemas/Time"}, "payload": {"type": "object"}}},
"Health": {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["ok", "degraded"]}}},
"Live": {"type": "object", "required": ["status"], "properties": {"status": {"const": "live"}}},
"Ready": {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["ready", "not_ready"]},
  "reasons": {"type": "array", "items": {"type": "string"}}, "recovering": {"type": "integer"}}},
"HealthDetailed": {"type": "object", "required": ["status", "ready", "items"], "properties": {
  "status": {"enum": ["ok", "degraded"]}, "ready": {"type": "boolean"},
  "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "ok": {"type": "boolean"}, "detail": {"type": "string"}}}},
  "in_flight": {"type": "integer"}, "unknown": {"type": "integer"}, "recovering": {"type": "integer"}}},
"ProblemType": {"type": "object", "properties": {"type": {"type": "string"}, "code": {"type": "string"}, "status": {"type": "integer"},
  "title": {"type": "string"}, "title_fr": {"type": "string"}, "retryable": {"type": "boolean"}}},
"FieldError": {"type": "object", "required": ["pointer", "code", "reason", "allowed"], "properties": {
  "pointer": {"type": "string", "description": "JSON pointer into the body; ?name for a parameter, header:Name for a header."},
  "code": {"type": "string"}, "reason": {"type": "string"}, "allowed": {"type": "string"}}},
"Problem": {"type": "object", "description": "RFC 9457", "required": ["type", "title", "status", "detail", "code", "errors", "trace_id", "retryable", "lang"], "properties": {
  "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
  "code": {"type": "string"}, "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
  "existing": {"type": "string"}, "trace_id": {"type": "string"}, "retryable": {"type": "boolean"}, "lang": {"enum": ["en", "fr"]}}}
})json";

}  // namespace settled
