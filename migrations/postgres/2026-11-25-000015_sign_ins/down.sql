alter table sessions drop column network;
alter table sessions drop column device;
alter table sessions drop column exchanged_at;
