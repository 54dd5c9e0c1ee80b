drop index users_name_skeleton;
alter table users drop column name_skeleton;
