use std::error::Error;

use clap::Args;
use towergate::{
    audit::{NotProven, verify},
    core::audit::chain::{Break, Damage, Noted, SealPublicKey, SealStore},
};

use crate::{place::Place, progress::Progress};

/// Prove that the log is what was sealed, or tell the first place where it is not
///
/// The exit code is 0 when all that is sealed holds. What no seal covers yet is counted, not proven. The last line names the last seal: keep
/// it where nobody who can write the database can, and give it back by --noted.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// The key that checks seals; several where it was changed
    #[arg(long, value_name = "KEY", required = true)]
    public_key: Vec<SealPublicKey>,
    /// A seal that an earlier run named
    #[arg(long, value_name = "NUMBER:LINK")]
    noted: Vec<Noted>,
}

impl Verify {
    pub(crate) async fn run(&self) -> Result<(String, bool), Box<dyn Error>> {
        let place = Place::open(&self.database).await?;
        let whole = u64::from(last_seal(&place).await?).max(1);
        let mut progress = Progress::of("seals verified");
        let mut seals = 0;
        let proven = verify(&place, self.public_key.clone(), self.noted.clone(), |seal| {
            seals = u64::from(seal);
            progress.at(seals, seals * 1000 / whole);
        })
        .await;
        progress.done(seals);
        let proven = match proven {
            Ok(proven) => proven,
            Err(NotProven::Broken(other @ Break { damage: Damage::OtherKey, .. })) => {
                return Ok((format!("the key does not match: {other}\n"), false));
            }
            Err(NotProven::Broken(broken)) => return Ok((format!("broken: {broken}\n"), false)),
            Err(NotProven::Store(error)) => return Err(error.into()),
        };
        let mut text = format!("events proven: {}\n", proven.events);
        if proven.forgotten > 0 {
            text += &format!("seals whose events were forgotten: {}\n", proven.forgotten);
        }
        text += &format!("events not sealed yet: {}\n", proven.unsealed);
        text += &match proven.last {
            Some(last) => format!("last seal: {last}\n"),
            None => String::from("there is no seal\n"),
        };
        Ok((text, true))
    }
}

/// The number of the last seal: numbers have no gaps, or the walk ends there anyhow.
async fn last_seal(place: &Place) -> Result<u32, Box<dyn Error>> {
    let (mut there, mut beyond) = (0_u32, u32::MAX);
    while beyond - there > 1 {
        let middle = there + (beyond - there) / 2;
        if place.seals(middle - 1, 1).await?.is_empty() { beyond = middle } else { there = middle }
    }
    Ok(there)
}
