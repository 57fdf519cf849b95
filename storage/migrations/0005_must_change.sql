-- The conditions of a commit, raised by the server.
--
-- Before: 0004; the writer read how many rows each statement changed, and only then sent COMMIT.
-- After: a statement that must change so many rows raises ST001 where it does not, so that COMMIT travels with
-- the statements that it depends on (docs/decisions/0022). No table changes.
create function must_change(changed bigint, wanted bigint, what text) returns void language plpgsql as $$
begin
  if changed <> wanted then
    raise exception '%: % rows of %', what, changed, wanted using errcode = 'ST001';
  end if;
end $$;
