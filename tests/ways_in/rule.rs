//! The rules of hosts that ask different things of different people, by tables of their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use towergate::{
    core::{StoreError, Timestamp},
    identity::{
        ports::IdentityStore,
        rules::{enrolment::EnrolmentDuty, user::UserId},
    },
    session::{EnrolmentPolicy, SessionLayer},
};

/// How the host comes to what it asks of somebody.
#[derive(Clone)]
pub(crate) enum Rule {
    /// The same of everybody.
    Everybody,
    Role(Roles),
    Organization(Organizations),
}

/// Who is what here, and what is asked of whom.
#[derive(Clone, Default)]
pub(crate) struct Roles(Arc<Mutex<BTreeMap<UserId, &'static str>>>);

impl EnrolmentPolicy for Roles {
    async fn duty(&self, user: UserId, _: Timestamp) -> Result<EnrolmentDuty, StoreError> {
        tokio::task::yield_now().await;
        Ok(match self.0.lock().unwrap().get(&user).copied() {
            Some("administrator") => EnrolmentDuty::Now,
            Some("auditor") => EnrolmentDuty::Blocked,
            _ => EnrolmentDuty::Free,
        })
    }
}

/// Which organizations somebody is a member of, and what each of them asks: the strictest counts.
#[derive(Clone, Default)]
pub(crate) struct Organizations(Arc<Mutex<BTreeMap<UserId, BTreeSet<&'static str>>>>);

impl EnrolmentPolicy for Organizations {
    async fn duty(&self, user: UserId, now: Timestamp) -> Result<EnrolmentDuty, StoreError> {
        tokio::task::yield_now().await;
        let members = self.0.lock().unwrap();
        let asked = members.get(&user).into_iter().flatten().map(|organization| match *organization {
            // Its days of grace are over.
            "bank" => EnrolmentDuty::GraceUntil(now).at(now),
            "ministry" => EnrolmentDuty::Blocked,
            _ => EnrolmentDuty::Free,
        });
        Ok(asked.max_by_key(|duty| strictness(*duty)).unwrap_or_default())
    }
}

impl Rule {
    /// The layer under this rule, by which `duty` is what is asked of `user`, and something else of others.
    pub(crate) fn governs<S: IdentityStore>(
        &self,
        layer: SessionLayer<S>,
        user: UserId,
        duty: EnrolmentDuty,
    ) -> SessionLayer<S> {
        match self {
            Self::Everybody => layer.enrolment(duty),
            Self::Role(roles) => {
                let role = match duty {
                    EnrolmentDuty::Now => "administrator",
                    EnrolmentDuty::Blocked => "auditor",
                    EnrolmentDuty::Free | EnrolmentDuty::GraceUntil(_) => "guest",
                };
                roles.0.lock().unwrap().insert(user, role);
                layer.enrolment(roles.clone())
            }
            Self::Organization(organizations) => {
                let theirs = match duty {
                    EnrolmentDuty::Now => ["club", "bank"],
                    EnrolmentDuty::Blocked => ["bank", "ministry"],
                    EnrolmentDuty::Free | EnrolmentDuty::GraceUntil(_) => ["club", "club"],
                };
                organizations.0.lock().unwrap().insert(user, theirs.into());
                layer.enrolment(organizations.clone())
            }
        }
    }
}

fn strictness(duty: EnrolmentDuty) -> u8 {
    match duty {
        EnrolmentDuty::Free => 0,
        EnrolmentDuty::GraceUntil(_) => 1,
        EnrolmentDuty::Now => 2,
        EnrolmentDuty::Blocked => 3,
    }
}
