-- Time travel: what a row said before it changed is kept with the moment until which it held.
-- The state at a moment is the past row that ended next after it, else the present one.

create function earshot.moment() returns timestamptz language sql stable
return coalesce((select stands_at from earshot.clock), now());
comment on function earshot.moment is
    'The present instant by the clock of demo and tests where it stands, else the server''s.';

-- Themes that a text names --------------------------------------------------------------------

alter table earshot.theme_tag add column since timestamptz;
alter table earshot.theme_tag alter column since set default earshot.moment();
comment on column earshot.theme_tag.since is
    'When the tag was written; null where that was before this was kept.';

create table earshot.theme_tag_history (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    model_id text not null,
    theme_id integer not null,
    probability real not null,
    sentiment text not null,
    p_sentiment real not null,
    sentence smallint not null,
    since timestamptz,
    until timestamptz not null
);
create index theme_tag_history_by_version
    on earshot.theme_tag_history (feedback_version_id, model_id);
comment on table earshot.theme_tag_history is
    'Tags as they were before a text was tagged again.';
comment on column earshot.theme_tag_history.feedback_version_id is 'The version.';
comment on column earshot.theme_tag_history.model_id is 'The model.';
comment on column earshot.theme_tag_history.theme_id is 'The theme.';
comment on column earshot.theme_tag_history.probability is 'As in theme_tag.';
comment on column earshot.theme_tag_history.sentiment is 'As in theme_tag.';
comment on column earshot.theme_tag_history.p_sentiment is 'As in theme_tag.';
comment on column earshot.theme_tag_history.sentence is 'As in theme_tag.';
comment on column earshot.theme_tag_history.since is 'When the tag was written, or null.';
comment on column earshot.theme_tag_history.until is 'When it was replaced.';

-- An erased text takes its past along: rows whose version is gone leave no trace.
create function earshot.keep_removed_tags() returns trigger language plpgsql as $$
begin
    insert into earshot.theme_tag_history (
        feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence,
        since, until
    )
    select
        removed.feedback_version_id,
        removed.model_id,
        removed.theme_id,
        removed.probability,
        removed.sentiment,
        removed.p_sentiment,
        removed.sentence,
        removed.since,
        earshot.moment()
    from removed
    join earshot.feedback_version on feedback_version.id = removed.feedback_version_id;
    return null;
end
$$;
create trigger keep_removed_tags after delete on earshot.theme_tag
    referencing old table as removed
    for each statement execute function earshot.keep_removed_tags();

create function earshot.keep_changed_tag() returns trigger language plpgsql as $$
begin
    new.since := earshot.moment();
    insert into earshot.theme_tag_history (
        feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence,
        since, until
    )
    values (
        old.feedback_version_id, old.model_id, old.theme_id, old.probability, old.sentiment,
        old.p_sentiment, old.sentence, old.since, new.since
    );
    return new;
end
$$;
create trigger keep_changed_tag before update on earshot.theme_tag
    for each row
    when (
        (old.probability, old.sentiment, old.p_sentiment, old.sentence)
        is distinct from (new.probability, new.sentiment, new.p_sentiment, new.sentence)
    )
    execute function earshot.keep_changed_tag();

-- Texts as a whole ----------------------------------------------------------------------------

create table earshot.tagging_history (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    model_id text not null,
    language text not null,
    is_supported boolean not null,
    sentiment text not null,
    p_negative real not null,
    p_neutral real not null,
    p_positive real not null,
    outcome text not null,
    tagged_at timestamptz not null,
    until timestamptz not null
);
create index tagging_history_by_version on earshot.tagging_history (feedback_version_id, model_id);
comment on table earshot.tagging_history is
    'What a model said of a version before the version was tagged again.';
comment on column earshot.tagging_history.feedback_version_id is 'The version.';
comment on column earshot.tagging_history.model_id is 'The model.';
comment on column earshot.tagging_history.language is 'As in tagging.';
comment on column earshot.tagging_history.is_supported is 'As in tagging.';
comment on column earshot.tagging_history.sentiment is 'As in tagging.';
comment on column earshot.tagging_history.p_negative is 'As in tagging.';
comment on column earshot.tagging_history.p_neutral is 'As in tagging.';
comment on column earshot.tagging_history.p_positive is 'As in tagging.';
comment on column earshot.tagging_history.outcome is 'As in tagging.';
comment on column earshot.tagging_history.tagged_at is 'When it was tagged so.';
comment on column earshot.tagging_history.until is 'When it was tagged again.';

create function earshot.keep_changed_tagging() returns trigger language plpgsql as $$
begin
    insert into earshot.tagging_history (
        feedback_version_id, model_id, language, is_supported, sentiment, p_negative, p_neutral,
        p_positive, outcome, tagged_at, until
    )
    values (
        old.feedback_version_id, old.model_id, old.language, old.is_supported, old.sentiment,
        old.p_negative, old.p_neutral, old.p_positive, old.outcome, old.tagged_at, new.tagged_at
    );
    return null;
end
$$;
create trigger keep_changed_tagging after update on earshot.tagging
    for each row when (old.tagged_at < new.tagged_at)
    execute function earshot.keep_changed_tagging();

-- Facts of a text -----------------------------------------------------------------------------

create table earshot.feedback_history (
    feedback_id bigint not null references earshot.feedback on delete cascade,
    product text,
    attributes jsonb not null,
    published_at timestamptz,
    published_precision text not null,
    url text,
    is_verified boolean,
    is_incentivised boolean,
    deleted_at timestamptz,
    until timestamptz not null
);
create index feedback_history_by_feedback on earshot.feedback_history (feedback_id, until);
comment on table earshot.feedback_history is
    'Facts of a text as they were before its platform told them otherwise; its words are versions.';
comment on column earshot.feedback_history.feedback_id is 'The feedback.';
comment on column earshot.feedback_history.product is 'As in feedback.';
comment on column earshot.feedback_history.attributes is 'As in feedback.';
comment on column earshot.feedback_history.published_at is 'As in feedback.';
comment on column earshot.feedback_history.published_precision is 'As in feedback.';
comment on column earshot.feedback_history.url is 'As in feedback.';
comment on column earshot.feedback_history.is_verified is 'As in feedback.';
comment on column earshot.feedback_history.is_incentivised is 'As in feedback.';
comment on column earshot.feedback_history.deleted_at is 'As in feedback.';
comment on column earshot.feedback_history.until is 'When it changed.';

create function earshot.keep_changed_feedback() returns trigger language plpgsql as $$
begin
    insert into earshot.feedback_history (
        feedback_id, product, attributes, published_at, published_precision, url, is_verified,
        is_incentivised, deleted_at, until
    )
    values (
        old.id, old.product, old.attributes, old.published_at, old.published_precision, old.url,
        old.is_verified, old.is_incentivised, old.deleted_at, earshot.moment()
    );
    return null;
end
$$;
create trigger keep_changed_feedback after update on earshot.feedback
    for each row
    when (
        (
            old.product, old.attributes, old.published_at, old.published_precision, old.url,
            old.is_verified, old.is_incentivised, old.deleted_at
        )
        is distinct from (
            new.product, new.attributes, new.published_at, new.published_precision, new.url,
            new.is_verified, new.is_incentivised, new.deleted_at
        )
    )
    execute function earshot.keep_changed_feedback();

alter table earshot.feedback_brand add column since timestamptz;
alter table earshot.feedback_brand alter column since set default earshot.moment();
comment on column earshot.feedback_brand.since is
    'When the text was first counted for the brand; null where that was before this was kept.';

-- The ledger of themes ------------------------------------------------------------------------

create table earshot.theme_history (
    theme_id integer not null references earshot.theme on delete cascade,
    key text not null,
    name text not null,
    kind text not null,
    merged_into integer,
    until timestamptz not null
);
create index theme_history_by_theme on earshot.theme_history (theme_id, until);
comment on table earshot.theme_history is
    'Themes as they were before they were renamed, promoted or merged.';
comment on column earshot.theme_history.theme_id is 'The theme.';
comment on column earshot.theme_history.key is 'As in theme.';
comment on column earshot.theme_history.name is 'As in theme.';
comment on column earshot.theme_history.kind is 'As in theme.';
comment on column earshot.theme_history.merged_into is 'As in theme.';
comment on column earshot.theme_history.until is 'When it changed.';

create function earshot.keep_changed_theme() returns trigger language plpgsql as $$
begin
    insert into earshot.theme_history (theme_id, key, name, kind, merged_into, until)
    values (old.id, old.key, old.name, old.kind, old.merged_into, earshot.moment());
    return null;
end
$$;
create trigger keep_changed_theme after update on earshot.theme
    for each row
    when (
        (old.key, old.name, old.kind, old.merged_into)
        is distinct from (new.key, new.name, new.kind, new.merged_into)
    )
    execute function earshot.keep_changed_theme();

-- Whoever took over a theme takes over what that one had taken over; the hours of their texts are
-- counted again, so that a text with both themes counts once.
create function earshot.follow_merged_theme() returns trigger language plpgsql as $$
begin
    update earshot.theme set merged_into = new.merged_into
    where theme.merged_into = new.id and new.merged_into is not null;
    perform earshot.mark_dirty(array(
        select feedback_version.feedback_id
        from earshot.theme_tag
        join earshot.feedback_version on feedback_version.id = theme_tag.feedback_version_id
        where theme_tag.theme_id = new.id
        union
        select correction.feedback_id
        from earshot.correction
        where correction.theme_id = new.id
    ));
    return null;
end
$$;
create trigger follow_merged_theme after update of merged_into on earshot.theme
    for each row when (old.merged_into is distinct from new.merged_into)
    execute function earshot.follow_merged_theme();

update earshot.theme
set merged_into = heir.merged_into
from earshot.theme as heir
where heir.id = theme.merged_into and heir.merged_into is not null;

-- A word of a person on a theme that was merged speaks of the theme that took it over -----------

create or replace view earshot.latest_correction as
select distinct on (correction.feedback_id, correction.field, spoken.theme_id)
    correction.feedback_id,
    correction.field,
    spoken.theme_id,
    correction.value,
    correction.corrected_by,
    correction.corrected_at
from earshot.correction
left join earshot.theme on theme.id = correction.theme_id
cross join lateral (select coalesce(theme.merged_into, theme.id) as theme_id) as spoken
order by
    correction.feedback_id, correction.field, spoken.theme_id, correction.corrected_at desc,
    correction.id desc;
