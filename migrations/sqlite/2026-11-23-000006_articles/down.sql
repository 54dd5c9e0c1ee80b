drop table related_links;
drop table article_uses;
drop table article_authors;
drop table articles;
