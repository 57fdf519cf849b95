insert into bench_rows values (nextval('bench_ids'), 1000, now());
