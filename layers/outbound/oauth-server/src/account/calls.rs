//! The calls to the host's resolver: a panic in one of them becomes an error, and stops there.
//!
//! Nothing of the house is held across a call, so there is nothing that a panic could leave half-done.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt;
use http::request::Parts;
use towergate_core::LocalPath;
use towergate_oauth::rules::grant::Subject;

use super::{Account, AccountResolver, Candidate, Claims, Context, Ending, ResolverError};

/// Asks who is signed in.
///
/// # Errors
/// When the host cannot tell, or panics.
pub fn current_account<R: AccountResolver>(
    resolver: &R,
    parts: &Parts,
    context: &Context,
) -> Result<Option<Account>, ResolverError> {
    caught(|| resolver.current_account(parts, context))?
}

/// Asks who are signed in beside each other.
///
/// # Errors
/// When the host cannot tell, or panics.
pub fn candidates<R: AccountResolver>(
    resolver: &R,
    parts: &Parts,
    context: &Context,
) -> Result<Vec<Candidate>, ResolverError> {
    caught(|| resolver.candidates(parts, context))?
}

/// Asks whether the account behind `subject` may still act.
///
/// # Errors
/// When the host cannot tell, or panics.
pub async fn account<R: AccountResolver>(
    resolver: &R,
    subject: &Subject,
    context: &Context,
) -> Result<Option<Subject>, ResolverError> {
    caught_later(async { resolver.account(subject, context).await }).await?
}

/// Asks what clients may learn of `subject`.
///
/// # Errors
/// When the host cannot tell, or panics.
pub async fn claims<R: AccountResolver>(
    resolver: &R,
    subject: &Subject,
    context: &Context,
) -> Result<Claims, ResolverError> {
    caught_later(async { resolver.claims(subject, context).await }).await?
}

/// Asks how to address somebody on a page of their own; what the account says where the host cannot tell, or panics.
pub async fn display_name<R: AccountResolver>(resolver: &R, account: &Account, context: &Context) -> String {
    let told = caught_later(async { resolver.display_name(account, context).await }).await;
    told.and_then(|told| told).unwrap_or_else(|error| {
        tracing::warn!(%error, "the account resolver could not say how somebody is addressed");
        account.display_name.clone()
    })
}

/// Asks for the sign-in page.
///
/// # Errors
/// When the host panics.
pub fn login_redirect<R: AccountResolver>(
    resolver: &R,
    context: &Context,
) -> Result<LocalPath, ResolverError> {
    caught(|| resolver.login_redirect(context))
}

/// Asks the host to end its own session.
///
/// # Errors
/// When the host could not, or panics.
pub async fn end_session<R: AccountResolver>(
    resolver: &R,
    parts: &Parts,
    context: &Context,
) -> Result<Ending, ResolverError> {
    caught_later(async { resolver.end_session(parts, context).await }).await?
}

/// Asks for the page where the host's own session ends.
///
/// # Errors
/// When the host panics.
pub fn logout_redirect<R: AccountResolver>(
    resolver: &R,
    context: &Context,
) -> Result<Option<LocalPath>, ResolverError> {
    caught(|| resolver.logout_redirect(context))
}

fn caught<T>(call: impl FnOnce() -> T) -> Result<T, ResolverError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| told(&*panic))
}

async fn caught_later<T>(call: impl Future<Output = T>) -> Result<T, ResolverError> {
    AssertUnwindSafe(call).catch_unwind().await.map_err(|panic| told(&*panic))
}

fn told(panic: &(dyn Any + Send)) -> ResolverError {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    ResolverError::new(format!("the account resolver panicked: {message}"))
}

#[cfg(test)]
mod tests {
    use super::super::Purpose;
    use super::*;

    #[derive(Clone, Copy)]
    enum Host {
        Errs,
        Panics,
        /// Before it even answers a future.
        PanicsAtOnce,
    }

    impl Host {
        fn fail<T>(self) -> Result<T, ResolverError> {
            match self {
                Self::Errs => Err(ResolverError::new("the users table is on fire")),
                Self::Panics | Self::PanicsAtOnce => panic!("the users table is on {}", "fire"),
            }
        }
    }

    impl AccountResolver for Host {
        fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
            self.fail()
        }

        fn candidates(&self, _: &Parts, _: &Context) -> Result<Vec<Candidate>, ResolverError> {
            self.fail()
        }

        fn account(
            &self,
            _: &Subject,
            _: &Context,
        ) -> impl Future<Output = Result<Option<Subject>, ResolverError>> + Send {
            if matches!(self, Self::PanicsAtOnce) {
                panic!("the users table is on fire");
            }
            let host = *self;
            async move { host.fail() }
        }

        async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
            self.fail()
        }

        fn login_redirect(&self, _: &Context) -> LocalPath {
            panic!("the users table is on fire")
        }

        async fn end_session(&self, _: &Parts, _: &Context) -> Result<Ending, ResolverError> {
            self.fail()
        }

        fn logout_redirect(&self, _: &Context) -> Option<LocalPath> {
            panic!("the users table is on fire")
        }
    }

    #[tokio::test]
    async fn an_error_and_a_panic_in_any_call_become_an_error_with_the_reason() {
        let context = Context::new(Purpose::Token);
        let subject = Subject::parse("alice").unwrap();
        let (parts, ()) = http::Request::new(()).into_parts();
        for host in [Host::Errs, Host::Panics, Host::PanicsAtOnce] {
            let failures = [
                current_account(&host, &parts, &context).unwrap_err(),
                candidates(&host, &parts, &context).unwrap_err(),
                account(&host, &subject, &context).await.unwrap_err(),
                claims(&host, &subject, &context).await.unwrap_err(),
                login_redirect(&host, &context).unwrap_err(),
                end_session(&host, &parts, &context).await.unwrap_err(),
                logout_redirect(&host, &context).unwrap_err(),
            ];
            for failure in failures {
                assert!(failure.to_string().ends_with("the users table is on fire"), "{failure}");
            }
        }
    }
}
