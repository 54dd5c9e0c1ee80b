alter table articles drop column slug_chosen;
