-- The books. Before: an empty database. After: accounts exist.
create table accounts (id uuid primary key);
