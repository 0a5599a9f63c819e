-- doctor_act.sql for what is said otherwise before 15.
SELECT CASE WHEN r.rolsuper THEN 'ok' ELSE 'note' END AS level, 'checkpoint, set_setting, reset_setting' AS area,
       CASE WHEN r.rolsuper THEN 'as a superuser' ELSE 'only superusers can, before PostgreSQL 15' END AS what,
       NULL AS remedy, NULL AS cost
  FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
