//! The power is cut under SQLite: what was synced is there, of the rest some sectors and some not.
use std::{fs, path::Path};

use fastrand::Rng;

use crate::{disk::Faults, engines::Engine, kill::seed, newsroom::Newsroom, shift::under_load};

const ROUNDS: usize = 15;
const SECTOR: usize = 512;

#[test]
fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let seed = seed();
    let mut random = Rng::with_seed(seed);
    let faults = Faults::compile();
    let synced = faults.path("synced");
    fs::create_dir(&synced).unwrap();
    let settings = [("LD_PRELOAD", &*faults.path("disk.so")), ("SYNCED", &*synced)];
    let mut newsroom = Newsroom::open_with(Engine::Sqlite, &settings);
    let database = newsroom.url().strip_prefix("sqlite:").unwrap().to_owned();
    let mut desks = newsroom.desks(8, seed);
    for _ in 0..ROUNDS {
        under_load(&mut desks, |shift| {
            shift.goes_on();
            newsroom.server.kill();
        });
        for name in ["news.db", "news.db-wal"] {
            let file = Path::new(&database).with_file_name(name);
            cut(&file, &Path::new(&synced).join(name), &mut random);
        }
        // Was in memory alone.
        fs::remove_file(format!("{database}-shm")).unwrap();
        newsroom.restart();
        newsroom.is_whole(&mut desks);
    }
}

/// Leaves of what was written since the last sync whichever sectors chance decides.
fn cut(file: &Path, synced: &Path, random: &mut Rng) {
    let (written, synced) = (fs::read(file).unwrap(), fs::read(synced).unwrap_or_default());
    let (least, most) = (written.len().min(synced.len()), written.len().max(synced.len()));
    let length = random.usize(least..=most);
    let sectors = (0..length).step_by(SECTOR).flat_map(|from| {
        let kept = if random.bool() { &written } else { &synced };
        let mut sector = kept.get(from..).unwrap_or_default().to_vec();
        sector.resize(SECTOR, 0);
        sector
    });
    let left: Vec<u8> = sectors.take(length).collect();
    fs::write(file, left).unwrap();
}
