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

-- name: dictionary_functions()
-- Functions that analysts may call, with arguments and comment.
select
    routine.proname as name,
    pg_get_function_identity_arguments(routine.oid) as arguments,
    pg_get_function_result(routine.oid) as result,
    obj_description(routine.oid, 'pg_proc') as comment
from pg_proc as routine
join pg_namespace as namespace on namespace.oid = routine.pronamespace
where namespace.nspname = 'analytics' and has_function_privilege('earshot_analyst', routine.oid, 'execute')
order by routine.proname;
