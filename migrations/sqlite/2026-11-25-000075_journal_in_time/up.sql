-- No entry of the journal is earlier than the one before it. Where clocks that differ have written
-- some that were, they get the latest instant before them.
update journal set at = latest.at
from (select seq, max(at) over (order by seq) as at from journal) as latest
where latest.seq = journal.seq and journal.at < latest.at;
