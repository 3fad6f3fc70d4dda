//! Whom an operator means.

use std::error::Error;

use towergate::identity::{
    ports::UserStore,
    rules::{email::EmailAddress, user::UserId},
};

use crate::place::Place;

/// The person with this address.
pub(crate) async fn with_address<S: UserStore>(store: &S, email: &str) -> Result<UserId, Box<dyn Error>> {
    let email = EmailAddress::parse(email)?;
    let user = store.find_user_by_email(&email).await?;
    Ok(user.ok_or_else(|| format!("nobody has the address {email}"))?.id)
}

/// The same, in whichever store.
pub(crate) async fn in_place(place: &Place, email: &str) -> Result<UserId, Box<dyn Error>> {
    match place {
        Place::Sqlite(store) => with_address(store, email).await,
        Place::Postgres(store) => with_address(store, email).await,
    }
}
