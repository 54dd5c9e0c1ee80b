drop table tag_slugs;
