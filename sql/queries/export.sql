-- What `earshot export` reads.

-- name: export_months()
-- Brands and months (UTC) in which something was written; a null month holds what nobody dated.
select
    brand.key as brand,
    date_trunc('month', feedback.published_at, 'UTC') as month
from earshot.feedback
join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
join earshot.brand on brand.id = feedback_brand.brand_id
group by brand.key, date_trunc('month', feedback.published_at, 'UTC')
order by brand.key, month;

-- name: export_hold(key)$
-- Erasure waits for the file that is being written, and the next file waits for erasure.
select pg_advisory_lock(:key);

-- name: export_release(key)$
select pg_advisory_unlock(:key);

-- name: export_hold_to_end(key)$
select pg_advisory_xact_lock(:key);
