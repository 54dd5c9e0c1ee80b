drop table comment_reports;
drop table comments;
drop table comment_threads;
