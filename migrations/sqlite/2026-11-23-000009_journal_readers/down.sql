drop table journal_readers;
