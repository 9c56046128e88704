-- Theme vectors of earlier runs: a run of the tagger need not read every theme's words again.

create table earshot.theme_vector (
    model_id text not null references earshot.model on delete cascade,
    digest bytea not null,
    vector bytea not null,
    primary key (model_id, digest)
);

comment on table earshot.theme_vector is
    'Vectors that a model made of themes. They hold no words; those no theme needs are deleted.';
comment on column earshot.theme_vector.model_id is 'Model that made it.';
comment on column earshot.theme_vector.digest is
    'Hash of the theme''s name, description and examples and of how the model read a fixed text.';
comment on column earshot.theme_vector.vector is
    'Unit vector, float32, little-endian; its length is the model''s.';
