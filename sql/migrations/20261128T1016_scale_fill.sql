-- transactional: false
-- In batches and beside the writers; what a kill left undone is done by the next run.

do $$
declare
    begins bigint := 0;
    ends bigint;
begin
    select coalesce(max(feedback.id), 0) into ends from earshot.feedback;
    while begins < ends loop
        update earshot.feedback_brand
        set published_at = feedback.published_at
        from earshot.feedback
        where feedback.id = feedback_brand.feedback_id
            and feedback.published_at is not null
            and feedback_brand.published_at is null
            and feedback_brand.feedback_id > begins
            and feedback_brand.feedback_id <= begins + 20000;
        commit;
        begins := begins + 20000;
    end loop;
end
$$;

drop index concurrently if exists earshot.feedback_brand_by_time;
create index concurrently if not exists feedback_brand_by_time
    on earshot.feedback_brand (brand_id, published_at, feedback_id);
drop index concurrently if exists earshot.feedback_undated;
create index concurrently if not exists feedback_undated on earshot.feedback (source_id, first_seen_at)
    where published_precision = 'unknown';
drop index concurrently if exists earshot.feedback_brand_by_brand;
