-- The older form of marks is gone with the program that wrote it.
select 1;
