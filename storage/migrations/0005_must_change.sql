-- The conditions of a commit, raised by the server; and a check that every posting paid for.
--
-- Before: 0004; the writer read how many rows each statement changed, and only then sent COMMIT.
-- After: a statement that must change so many rows raises ST001 where it does not, so that COMMIT travels with
-- the statements that it depends on (docs/decisions/0022). The form of an account's BIC, which no posting
-- changes, is looked at when it is written and not with each change of a balance (a fifth of that change's time).
create function must_change(changed bigint, wanted bigint, what text) returns void language plpgsql as $$
begin
  if changed <> wanted then
    raise exception '%: % rows of %', what, changed, wanted using errcode = 'ST001';
  end if;
end $$;

alter table accounts drop constraint accounts_bank_check;
create function bank_is_a_bic() returns trigger language plpgsql as $$
begin
  if new.bank <> '' and new.bank !~ '^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$' then
    raise exception 'accounts.bank: % is no BIC', new.bank using errcode = '23514';
  end if;
  return new;
end $$;
create trigger bank_is_a_bic before insert or update of bank on accounts
  for each row execute function bank_is_a_bic();
