-- Media types of another kind than their medium are forgotten by the step of this migration in
-- src/db/upgrade.
select 1;
