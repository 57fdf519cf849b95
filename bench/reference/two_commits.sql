\set v random(0, :vostros - 1)
\set n random_zipfian(1, :nostros, 1.1) - 1
\set amount random(1000, 9999)
select bench_reserve(:v, :n, :amount) as s \gset
select bench_finalise(:s::uuid);
