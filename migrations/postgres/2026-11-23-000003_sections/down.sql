drop table section_redirects;
drop table sections;
