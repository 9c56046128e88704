-- The core tables of schema earshot. Roles exist before this file runs (sql/roles.py).
-- Instants are UTC. Leases compare with clock_timestamp(): they guard processes, not history;
-- every other moment is written by the caller from the injectable clock.

create schema earshot;
create schema analytics;

create table earshot.clock (
    id smallint primary key default 1 check (id = 1),
    stands_at timestamptz not null
);

create table earshot.brand (
    id integer generated always as identity primary key,
    key text not null unique,
    name text not null,
    role text not null check (role in ('own', 'competitor')),
    time_zone text not null default 'UTC'
);

create table earshot.source (
    id integer generated always as identity primary key,
    name text not null unique,
    kind text not null,
    platform text not null,
    brand_id integer not null references earshot.brand,
    time_zone text not null default 'UTC',
    language text,
    cursor jsonb,
    cursor_at timestamptz,
    health text not null default 'unknown' check (health in ('unknown', 'healthy', 'unhealthy')),
    health_reason text,
    health_since timestamptz,
    retention_days integer check (retention_days > 0)
);

create table earshot.crawl (
    id bigint generated always as identity primary key,
    source_id integer not null references earshot.source,
    purpose text not null check (purpose in ('live', 'backfill', 'import')),
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null default 'running'
        check (status in ('running', 'ok', 'failed', 'broken')),
    seen bigint not null default 0,
    added bigint not null default 0,
    changed bigint not null default 0,
    quarantined bigint not null default 0,
    overlap_seen bigint,
    missed_share double precision check (missed_share between 0 and 1),
    cursor_before jsonb,
    cursor_after jsonb,
    error text
);
create index crawl_by_source on earshot.crawl (source_id, started_at desc);

create table earshot.quarantine (
    id bigint generated always as identity primary key,
    source_id integer not null references earshot.source,
    crawl_id bigint references earshot.crawl,
    record_key text not null,
    line_number bigint,
    field text,
    reason text not null,
    payload bytea not null,
    author_key text,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    unique (source_id, record_key)
);

create table earshot.feedback (
    id bigint generated always as identity primary key,
    platform text not null,
    external_id text not null,
    source_id integer not null references earshot.source,
    kind text not null
        check (kind in ('review', 'mention', 'ticket_message', 'survey_answer', 'chat_turn')),
    parent_id text,
    speaker text not null check (speaker in ('customer', 'brand', 'other')),
    product text,
    attributes jsonb not null default '{}',
    published_at timestamptz,
    published_precision text not null
        check (published_precision in ('second', 'day', 'unknown')),
    edited_at timestamptz,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    url text,
    author_key text,
    reach bigint check (reach >= 0),
    is_verified boolean,
    is_incentivised boolean,
    brand_reply text,
    brand_replied_at timestamptz,
    language_hint text,
    version integer not null default 1 check (version > 0),
    deleted_at timestamptz,
    check (published_at is not null or published_precision = 'unknown'),
    unique (platform, external_id)
);
create index feedback_by_time on earshot.feedback (source_id, published_at);
create index feedback_by_author on earshot.feedback (author_key) where author_key is not null;

create table earshot.feedback_version (
    id bigint generated always as identity primary key,
    feedback_id bigint not null references earshot.feedback on delete cascade,
    version integer not null check (version > 0),
    title text not null,
    body text not null,
    rating real,
    rating_scale real check (rating_scale > 0),
    content_hash bytea not null,
    copy_key bytea,
    seen_at timestamptz not null,
    unique (feedback_id, version),
    check (rating is null or rating between 0 and rating_scale)
);
create index feedback_version_by_copy on earshot.feedback_version (copy_key)
    where copy_key is not null;

create table earshot.feedback_brand (
    feedback_id bigint not null references earshot.feedback on delete cascade,
    brand_id integer not null references earshot.brand,
    primary key (feedback_id, brand_id)
);
create index feedback_brand_by_brand on earshot.feedback_brand (brand_id, feedback_id);

create table earshot.model (
    id text primary key,
    weights text not null,
    registered_at timestamptz not null
);

create table earshot.brand_model (
    brand_id integer not null references earshot.brand,
    model_id text not null references earshot.model,
    state text not null check (state in ('candidate', 'active', 'retired')),
    changed_at timestamptz not null,
    primary key (brand_id, model_id)
);
create unique index one_active_model_per_brand on earshot.brand_model (brand_id)
    where state = 'active';

create table earshot.theme (
    id integer generated always as identity primary key,
    key text not null unique,
    name text not null,
    description text not null default '',
    kind text not null default 'theme' check (kind in ('theme', 'urgent', 'emerging')),
    weight real not null default 1 check (weight > 0),
    owner text,
    playbook text,
    text_hash bytea,
    state text not null default 'active' check (state in ('active', 'retired', 'merged')),
    merged_into integer references earshot.theme,
    split_from integer references earshot.theme,
    since timestamptz not null
);

create sequence earshot.fence;

create table earshot.tag_queue (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    model_id text not null references earshot.model,
    published_at timestamptz,
    claimed_by text,
    lease_until timestamptz,
    fence bigint,
    attempts smallint not null default 0,
    primary key (model_id, feedback_version_id)
);
create index tag_queue_newest_first on earshot.tag_queue
    (model_id, published_at desc nulls last);

create table earshot.tagging (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    model_id text not null references earshot.model,
    feedback_id bigint not null,
    language text not null,
    is_supported boolean not null default true,
    sentiment text not null check (sentiment in ('negative', 'neutral', 'positive')),
    p_negative real not null check (p_negative between 0 and 1),
    p_neutral real not null check (p_neutral between 0 and 1),
    p_positive real not null check (p_positive between 0 and 1),
    sentences jsonb not null default '[]',
    outcome text not null default 'tagged'
        check (outcome in ('tagged', 'empty', 'not_supported', 'failed')),
    tagged_at timestamptz not null,
    primary key (feedback_version_id, model_id)
);

create table earshot.theme_tag (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    model_id text not null references earshot.model,
    theme_id integer not null references earshot.theme,
    probability real not null check (probability between 0 and 1),
    sentiment text not null check (sentiment in ('negative', 'neutral', 'positive')),
    p_sentiment real not null check (p_sentiment between 0 and 1),
    sentence smallint not null,
    primary key (feedback_version_id, model_id, theme_id)
);
create index theme_tag_by_theme on earshot.theme_tag (theme_id, feedback_version_id);

create table earshot.correction (
    id bigint generated always as identity primary key,
    feedback_id bigint not null references earshot.feedback on delete cascade,
    version integer not null,
    theme_id integer references earshot.theme,
    field text not null check (field in ('sentiment', 'theme')),
    value text not null check (value in ('negative', 'neutral', 'positive', 'absent')),
    corrected_by text not null,
    corrected_at timestamptz not null,
    check (field = 'theme' or theme_id is null),
    check (field = 'sentiment' or theme_id is not null)
);
create index correction_by_feedback on earshot.correction (feedback_id, corrected_at desc);

create table earshot.hourly_count (
    brand_id integer not null references earshot.brand,
    source_id integer not null references earshot.source,
    theme_id integer not null default 0,
    product text not null default '',
    sentiment text not null check (sentiment in ('negative', 'neutral', 'positive', 'unknown')),
    precision text not null check (precision in ('second', 'day')),
    hour timestamptz not null check (extract(minute from hour) in (0, 15, 30, 45)),
    items integer not null check (items > 0),
    rated integer not null default 0 check (rated >= 0),
    stars real not null default 0 check (stars >= 0),
    primary key (brand_id, hour, source_id, theme_id, product, sentiment, precision)
);

create table earshot.count_dirty (
    brand_id integer not null references earshot.brand,
    source_id integer not null references earshot.source,
    hour timestamptz not null,
    primary key (brand_id, source_id, hour)
);

create table earshot.series_state (
    brand_id integer not null references earshot.brand,
    series text not null,
    up_to timestamptz not null,
    state jsonb not null,
    primary key (brand_id, series)
);

create table earshot.planned_event (
    id integer generated always as identity primary key,
    brand_id integer not null references earshot.brand,
    name text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    expected_factor double precision not null check (expected_factor > 0),
    unique (brand_id, name, starts_at)
);

create table earshot.incident (
    id bigint generated always as identity primary key,
    key text not null unique,
    brand_id integer not null references earshot.brand,
    rule text not null,
    kind text not null,
    direction text not null check (direction in ('negative', 'positive', 'neutral')),
    theme_key text,
    product text,
    state text not null check (state in ('open', 'growing', 'peaked', 'resolved')),
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    started_at timestamptz not null,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    last_anomalous_at timestamptz not null,
    resolved_at timestamptz,
    items integer not null,
    baseline double precision not null,
    odds double precision,
    reason text not null,
    evidence jsonb not null default '{}',
    is_historical boolean not null default false,
    channel text,
    verdict text check (verdict in ('confirmed', 'dismissed')),
    decided_by text,
    decided_at timestamptz,
    assigned_to text,
    snoozed_until timestamptz,
    snoozed_items integer,
    escalated_at timestamptz
);
create index incident_open on earshot.incident (brand_id) where state <> 'resolved';

create table earshot.incident_feedback (
    incident_id bigint not null references earshot.incident on delete cascade,
    feedback_id bigint not null references earshot.feedback on delete cascade,
    primary key (incident_id, feedback_id)
);
create index incident_feedback_by_feedback on earshot.incident_feedback (feedback_id);

create table earshot.incident_event (
    id bigint generated always as identity primary key,
    incident_id bigint not null references earshot.incident on delete cascade,
    at timestamptz not null,
    kind text not null,
    actor text not null default 'earshot',
    detail jsonb not null default '{}'
);
create index incident_event_by_incident on earshot.incident_event (incident_id, id);

create table earshot.reply_draft (
    id bigint generated always as identity primary key,
    feedback_id bigint not null references earshot.feedback on delete cascade,
    version integer not null,
    attempt integer not null default 1 check (attempt > 0),
    incident_id bigint references earshot.incident,
    brand_id integer not null references earshot.brand,
    language text,
    engine text not null,
    text text not null default '',
    text_hash bytea not null,
    guard jsonb not null default '[]',
    state text not null check (state in (
        'blocked', 'waiting', 'approved', 'sending', 'sent', 'dropped', 'void', 'held', 'unsure'
    )),
    reason text,
    created_at timestamptz not null,
    due_at timestamptz not null,
    sent_at timestamptz,
    unique (feedback_id, version, attempt)
);
create index reply_draft_waiting on earshot.reply_draft (brand_id, due_at)
    where state in ('blocked', 'waiting', 'approved', 'sending', 'unsure');

create table earshot.reply_event (
    id bigint generated always as identity primary key,
    draft_id bigint not null references earshot.reply_draft on delete cascade,
    at timestamptz not null,
    kind text not null,
    actor text not null,
    detail jsonb not null default '{}'
);
create index reply_event_by_draft on earshot.reply_event (draft_id, id);

create table earshot.outbox (
    id bigint generated always as identity primary key,
    key text not null unique,
    brand_id integer references earshot.brand,
    subject text not null,
    destination text not null,
    channel text,
    action text not null check (action in ('post', 'update', 'thread', 'publish')),
    payload jsonb not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'sending', 'sent', 'uncertain', 'dead', 'superseded')),
    attempts integer not null default 0,
    not_before timestamptz not null,
    sending_since timestamptz,
    sent_at timestamptz,
    remote_channel text,
    remote_id text,
    error text,
    created_at timestamptz not null
);
create index outbox_due on earshot.outbox (id) where state in ('waiting', 'sending', 'uncertain');
create index outbox_by_subject on earshot.outbox (subject, id);

create table earshot.survey_answer (
    feedback_id bigint primary key references earshot.feedback on delete cascade,
    survey text not null check (survey in ('csat', 'nps', 'ces')),
    score real not null,
    scale real not null check (scale > 0)
);

create table earshot.ticket_metric (
    platform text not null,
    ticket_id text not null,
    source_id integer not null references earshot.source,
    brand_id integer not null references earshot.brand,
    channel text,
    opened_at timestamptz not null,
    first_response_at timestamptz,
    resolved_at timestamptz,
    reopens integer,
    agent_replies integer,
    updated_at timestamptz not null,
    primary key (platform, ticket_id)
);
create index ticket_metric_by_time on earshot.ticket_metric (brand_id, opened_at);

create table earshot.erasure (
    id bigint generated always as identity primary key,
    scope jsonb not null,
    requested_by text not null,
    requested_at timestamptz not null,
    finished_at timestamptz,
    erased jsonb not null default '{}'
);
