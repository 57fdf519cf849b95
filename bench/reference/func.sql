\set v random(0, :vostros - 1)
\set n random_zipfian(1, :nostros, 1.1) - 1
\set amount random(1000, 9999)
select bench_settle(:v, :n, :amount);
