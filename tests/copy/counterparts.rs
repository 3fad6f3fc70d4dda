//! No table and no column of SQLite is forgotten by PostgreSQL: a migration on one side alone is red here.

use towergate::{
    postgres::{
        PostgresStore,
        transfer::{Target, TargetError},
    },
    sqlite::transfer::Source,
};

use super::{filling::tables, place::Place};

async fn open(place: &Place) -> Result<Vec<String>, TargetError> {
    let source = Source::open(&place.file).unwrap();
    let url = place.target.url();
    let target = Target::open(&PostgresStore::options(), &url, &source.tables().unwrap()).await?;
    Ok(target.tables().iter().map(|table| table.name.clone()).collect())
}

#[tokio::test]
async fn every_table_and_column_of_one_store_has_its_counterpart_in_the_other() {
    let place = Place::new();
    let mut copied = open(&place).await.unwrap();
    let mut there = tables(&place.source());
    copied.sort();
    there.sort();
    assert_eq!(copied, there);
    assert!(there.len() > 30, "{there:?}");
}

#[tokio::test]
async fn a_column_that_only_one_of_them_has_is_red() {
    let place = Place::new();
    place.change("ALTER TABLE towergate_users ADD COLUMN shoe_size INTEGER");
    let told = open(&place).await.unwrap_err().to_string();
    assert!(told.starts_with("towergate_users.shoe_size has no counterpart"), "{told}");

    let place = Place::new();
    place.change("CREATE TABLE towergate_shoes (size INTEGER PRIMARY KEY) STRICT");
    let told = open(&place).await.unwrap_err().to_string();
    assert!(told.starts_with("towergate_shoes has no counterpart"), "{told}");

    let place = Place::new();
    open(&place).await.unwrap();
    place.ask("ALTER TABLE towergate_users ADD COLUMN hat_size bigint NOT NULL");
    let told = open(&place).await.unwrap_err().to_string();
    assert!(told.starts_with("nothing in the source fills towergate_users.hat_size"), "{told}");

    let place = Place::new();
    open(&place).await.unwrap();
    place.ask("CREATE TABLE towergate_hats (size bigint PRIMARY KEY)");
    let told = open(&place).await.unwrap_err().to_string();
    assert!(told.starts_with("nothing in the source fills towergate_hats"), "{told}");
}

#[tokio::test]
async fn a_column_of_a_type_that_nothing_is_converted_to_is_red() {
    let place = Place::new();
    open(&place).await.unwrap();
    place.ask("ALTER TABLE towergate_users ALTER COLUMN created_at TYPE numeric");
    let told = open(&place).await.unwrap_err().to_string();
    assert!(told.starts_with("towergate_users.created_at is of a type"), "{told}");
}
