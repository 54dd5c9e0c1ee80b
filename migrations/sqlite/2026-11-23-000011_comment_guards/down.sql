drop index comment_reports_known;
drop index comment_reports_reporter;
alter table comment_reports drop column reporter;
drop table comment_posts;
drop table comment_words;
