//! Goodbyes.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::contract::model::Answers;

use super::{
    Model, Modelled,
    world::{person, user_id},
};
use crate::{
    ports::deletion::{DeletingUser, Scheduling, Withdrawing},
    rules::{
        deletion::{Due, Ending, is_due, nobodys_address},
        email::EmailAddress,
        email_token::Purpose,
        fact::{IdentityFact, SessionEnd},
        linked_identity::VisitPurpose,
        user::{UserId, UserState},
    },
};

/// What is done about goodbyes.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum DeletionOperation {
    Schedule { user: u8, hours: u8, notice: bool },
    Withdraw { user: u8, notice: bool },
    Of { user: u8 },
    Due { limit: u16 },
    Delete { user: u8, ending: Ending, notice: bool },
}

pub(super) fn operation() -> impl Strategy<Value = DeletionOperation> {
    use DeletionOperation as Do;
    let ending = proptest::sample::select(Ending::ALL.to_vec());
    prop_oneof![
        4 => (person(), proptest::sample::select(vec![0_u8, 1, 24]), any::<bool>())
            .prop_map(|(user, hours, notice)| Do::Schedule { user, hours, notice }),
        2 => (person(), any::<bool>()).prop_map(|(user, notice)| Do::Withdraw { user, notice }),
        1 => person().prop_map(|user| Do::Of { user }),
        1 => (0..3_u16).prop_map(|limit| Do::Due { limit }),
        3 => (person(), ending, any::<bool>())
            .prop_map(|(user, ending, notice)| Do::Delete { user, ending, notice }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = DeletionOperation> {
    (1..4).map(|user| DeletionOperation::Of { user }).chain([DeletionOperation::Due { limit: 9 }])
}

impl Model {
    pub(super) async fn deletion<S>(&mut self, store: &S, operation: &DeletionOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            DeletionOperation::Schedule { user, hours, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let delete_at = now.plus(Duration::from_secs(3600 * u64::from(hours)));
                let answer = store.schedule_deletion(user, delete_at, notice.clone(), origin).await;
                let there = self.users.get_mut(&user).filter(|there| there.state == UserState::Active);
                let scheduling = match (self.deletions.get(&user), there) {
                    (Some(at), _) => Scheduling::Leaving(*at),
                    (None, None) => Scheduling::UserRefused,
                    (None, Some(there)) => {
                        there.state = UserState::Leaving;
                        self.deletions.insert(user, delete_at);
                        self.tell(&IdentityFact::DeletionScheduled { user, delete_at });
                        let sessions = self.close(user, SessionEnd::AccountLeaving);
                        notice.into_iter().for_each(|notice| self.queue(notice));
                        Scheduling::Scheduled { sessions }
                    }
                };
                Answers::of(answer, scheduling)
            }
            DeletionOperation::Withdraw { user, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let answer = store.withdraw_deletion(user, notice.clone(), origin).await;
                let may_stay = self.deletions.get(&user).is_some_and(|at| !is_due(*at, now));
                let there = self.users.get_mut(&user).filter(|there| there.state == UserState::Leaving);
                let Some(there) = there.filter(|_| may_stay) else {
                    return Answers::of(answer, Withdrawing::Refused);
                };
                there.state = UserState::Active;
                self.deletions.remove(&user);
                self.tell(&IdentityFact::DeletionWithdrawn { user });
                self.close(user, SessionEnd::AccountKept);
                notice.into_iter().for_each(|notice| self.queue(notice));
                Answers::of(answer, Withdrawing::Withdrawn)
            }
            DeletionOperation::Of { user } => {
                let user = user_id(user.into());
                Answers::of(store.deletion_of(user).await, self.deletions.get(&user).copied())
            }
            DeletionOperation::Due { limit } => {
                let due = self.deletions.iter().filter(|(_, at)| is_due(**at, now));
                let due =
                    due.map(|(id, at)| Due { user: self.users.get(id).unwrap().clone(), delete_at: *at });
                let mut due: Vec<_> = due.collect();
                due.sort_by_key(|due| (due.delete_at, due.user.id));
                due.truncate(limit.into());
                Answers::of(store.due_deletions(now, limit).await, due)
            }
            DeletionOperation::Delete { user, ending, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let answer = store.delete_user(user, ending, notice.clone(), origin).await;
                if !self.deletions.get(&user).is_some_and(|at| is_due(*at, now)) {
                    return Answers::of(answer, DeletingUser::NotDue);
                }
                self.tell(&IdentityFact::UserDeleted { user, ending });
                self.delete_user(user, ending);
                notice.into_iter().for_each(|notice| self.queue(notice));
                Answers::of(answer, DeletingUser::Deleted)
            }
        }
    }

    /// All that was kept of them goes; of their row what the ending says.
    fn delete_user(&mut self, user: UserId, ending: Ending) {
        self.deletions.remove(&user);
        self.close(user, SessionEnd::AccountDeleted);
        self.forget_means(user);
        self.forget_mails(user);
        self.browsers.retain(|_, there| there.user != user);
        self.email_tokens.retain(|_, there| there.user != user);
        self.tries.retain(|key, _| key.user() != Some(user));
        let links = |purpose: &VisitPurpose| matches!(purpose, VisitPurpose::Link { user: whose, .. } if *whose == user);
        self.visits.retain(|_, there| !links(&there.purpose));
        let there = self.users.get_mut(&user).unwrap();
        (there.state, there.password) = (UserState::Deleted, None);
        match ending {
            Ending::Close => {}
            Ending::Anonymise => {
                there.email = EmailAddress::parse(&nobodys_address(user)).unwrap();
                there.confirmed_at = None;
            }
            Ending::Erase => {
                self.users.remove(&user);
            }
        }
    }

    /// What admits somebody ends: sessions, and what was mailed but what gives an address back.
    fn close(&mut self, user: UserId, reason: SessionEnd) -> u64 {
        self.close_tokens(user, |there| there.purpose == Purpose::UndoEmailChange);
        self.end_all_of(user, None, reason)
    }
}
