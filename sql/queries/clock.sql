-- name: clock_stands_at()$
select stands_at from earshot.clock;

-- name: clock_set(stands_at)!
-- The clock only goes forward: a demo that is repeated finds it where it stood.
insert into earshot.clock (stands_at) values (:stands_at)
on conflict (id) do update
set stands_at = greatest(earshot.clock.stands_at, excluded.stands_at);
