-- Least privilege: the pipeline writes rows and never changes tables; web and analyst
-- read the views of analytics only.

grant usage on schema earshot to earshot_pipeline;
grant select, insert, update, delete on all tables in schema earshot to earshot_pipeline;
grant usage on all sequences in schema earshot to earshot_pipeline;
alter default privileges in schema earshot
    grant select, insert, update, delete on tables to earshot_pipeline;
alter default privileges in schema earshot grant usage on sequences to earshot_pipeline;

grant usage on schema analytics to earshot_pipeline, earshot_web, earshot_analyst;
alter default privileges in schema analytics
    grant select on tables to earshot_pipeline, earshot_web, earshot_analyst;
