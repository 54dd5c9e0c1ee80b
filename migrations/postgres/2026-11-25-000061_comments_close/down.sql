alter table sections drop column comments_close_after_days;
