-- Languages and addresses come into their canonical forms: a step in Rust does it.
select 1;
