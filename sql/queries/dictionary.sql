-- name: dictionary_columns()
-- Every column of our schemas with its type and comment, tables before views.
select
    namespace.nspname as schema,
    class.relname as relation,
    case when class.relkind = 'v' then 'view' else 'table' end as kind,
    obj_description(class.oid, 'pg_class') as relation_comment,
    attribute.attname as name,
    format_type(attribute.atttypid, attribute.atttypmod) as type,
    col_description(class.oid, attribute.attnum) as comment
from pg_class as class
join pg_namespace as namespace on namespace.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid
where namespace.nspname in ('analytics', 'earshot')
    and class.relkind in ('r', 'p', 'v')
    and attribute.attnum > 0
    and not attribute.attisdropped
order by namespace.nspname, class.relname, attribute.attnum;
