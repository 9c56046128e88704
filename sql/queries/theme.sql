-- name: theme_sync(themes, now)!
-- Known keys keep their ids; `changed_at` moves only where the words that the encoder reads did.
with given as (
    select *
    from jsonb_to_recordset(cast(:themes as jsonb)) as theme (
        key text,
        name text,
        description text,
        kind text,
        weight real,
        owner text,
        playbook text,
        text_hash text
    )
)

insert into earshot.theme as theme (
    key, name, description, kind, weight, owner, playbook, text_hash, state, since, changed_at
)
select
    key,
    name,
    description,
    kind,
    weight,
    owner,
    playbook,
    decode(text_hash, 'hex'),
    'active',
    :now,
    :now
from given
order by key
on conflict (key) do update
set
    name = excluded.name,
    description = excluded.description,
    kind = excluded.kind,
    weight = excluded.weight,
    owner = excluded.owner,
    playbook = excluded.playbook,
    text_hash = excluded.text_hash,
    state = 'active',
    merged_into = null,
    changed_at = case
        when theme.text_hash is distinct from excluded.text_hash or theme.state <> 'active'
            then excluded.changed_at
        else theme.changed_at
    end
where (
    theme.name, theme.description, theme.kind, theme.weight, theme.owner, theme.playbook,
    theme.text_hash, theme.state
) is distinct from (
    excluded.name, excluded.description, excluded.kind, excluded.weight, excluded.owner,
    excluded.playbook, excluded.text_hash, 'active'
);

-- name: theme_retire_missing(keys)!
update earshot.theme
set state = 'retired'
where
    kind in ('theme', 'urgent')
    and state = 'active'
    and key <> all(:keys);

-- name: theme_ids(keys)
select
    id,
    key
from earshot.theme
where key = any(:keys);

-- name: theme_vectors(model_id)
select
    digest,
    vector
from earshot.theme_vector
where model_id = :model_id;

-- name: theme_vectors_keep(model_id, digests, vectors)!
-- Exactly these from now on.
with gone as (
    delete from earshot.theme_vector
    where model_id = :model_id and digest <> all(cast(:digests as bytea []))
)

insert into earshot.theme_vector (model_id, digest, vector)
select
    :model_id,
    kept.digest,
    kept.vector
from unnest(cast(:digests as bytea []), cast(:vectors as bytea [])) as kept (digest, vector)
on conflict do nothing;
