-- Erased texts stay erased: a platform still shows them, and the next crawl must not bring them back.

create table earshot.erased (
    text_key bytea primary key,
    erased_at timestamptz not null
);
comment on table earshot.erased is
    'Texts that must not be stored again, as hashes of platform and id; nothing of their words.';
comment on column earshot.erased.text_key is 'SHA-256 of platform, the unit separator and external id.';
comment on column earshot.erased.erased_at is 'When it was erased.';

create function earshot.text_key(platform text, external_id text) returns bytea
language sql immutable parallel safe
return sha256(convert_to(platform || chr(31) || external_id, 'UTF8'));
comment on function earshot.text_key is 'The key under which an erased text is remembered.';
