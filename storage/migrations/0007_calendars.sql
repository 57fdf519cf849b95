-- The feasts of 2027 that follow the moon, and calendars that are there also while they have no rule.
--
-- Before: 0006; the delivered calendars UEMOA and Ghana know such days of 2026 only, and from 2027 on their
-- windows would be open on them.
-- After: calendars are rows; what a window names is there, also where its last rule was deleted. A calendar that still has the delivered days of 2026 has the expected ones of 2027 too, provisional as
-- those were. One in which somebody noted a single day of 2027 is left as it is.
insert into holiday_rules(calendar, position, name, kind, date, observance, provisional)
select d.calendar,
       (select max(position) from holiday_rules h where h.calendar = d.calendar)
         + row_number() over (partition by d.calendar order by d.date),
       d.name, 'single', d.date, 'as_it_falls', true
from (values ('UEMOA', 'Lendemain de la Nuit du destin', date '2027-03-06'),
             ('UEMOA', 'Aïd el-Fitr (Korité, Ramadan)', date '2027-03-10'),
             ('UEMOA', 'Aïd el-Adha (Tabaski)', date '2027-05-17'),
             ('UEMOA', 'Mawlid (Maouloud)', date '2027-08-15'),
             ('Ghana', 'Eid-ul-Fitr', date '2027-03-10'),
             ('Ghana', 'Shaqq Day', date '2027-03-11'),
             ('Ghana', 'Eid-ul-Adha', date '2027-05-17')) d(calendar, name, date)
where exists (select from holiday_rules h where h.calendar = d.calendar and h.name = d.name and h.kind = 'single'
                and h.date between '2026-01-01' and '2026-12-31')
  and not exists (select from holiday_rules h where h.calendar = d.calendar and h.kind = 'single'
                    and h.date between '2027-01-01' and '2027-12-31');

create table calendars (name text primary key);
insert into calendars(name)
select calendar from holiday_rules
union select calendar from settlement_windows where calendar <> '';
alter table holiday_rules add foreign key (calendar) references calendars(name);
