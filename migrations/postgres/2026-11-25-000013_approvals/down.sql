drop table article_contributors;
drop index articles_approver;
alter table articles drop column approved_independently;
alter table articles drop column approved_at;
alter table articles drop column approved_by;
alter table articles drop column approved_version;
alter table articles drop column edited_version;
