//! The words of notices.

use towergate_core::Timestamp;
use towergate_identity::rules::notice::Notice;

use super::AddedSince;

/// What a notice says; the address of a page follows the advice.
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) happened: &'static str,
    /// What to do if it was the person.
    pub(super) theirs: &'static str,
    /// What to do if it was somebody else.
    pub(super) somebody_elses: &'static str,
    /// What to do if the page does not let them in.
    pub(super) otherwise: Option<&'static str>,
}

const NOTHING: &str = "If it was you, there is nothing to do.";

const SHUT_OUT: &str =
    "If you cannot sign in any more, write to whoever runs the site, and say when you got this mail.";

pub(super) const fn words(notice: Notice) -> Words {
    let (subject, happened) = told(notice);
    Words {
        subject,
        happened,
        theirs: theirs(notice),
        somebody_elses: advice(notice),
        otherwise: otherwise(notice),
    }
}

const fn told(notice: Notice) -> (&'static str, &'static str) {
    match notice {
        Notice::AccountDeleted => {
            ("Your account was deleted", "Your account was deleted. Nobody can sign in to it any more.")
        }
        Notice::BackupCodesRenewed => (
            "New backup codes were made",
            "New backup codes were made for your account. Those before are no longer good.",
        ),
        Notice::DeletionScheduled => (
            "Your account is going to be deleted",
            "Somebody asked for your account to be deleted. It is closed from now on, and you are signed out everywhere. \
             After some days of grace it is deleted.",
        ),
        Notice::ApiTokenCreated => (
            "A token for a program was made",
            "A token was made by which a program can act for you. It is good until it ends or is revoked, even when you sign \
             out or change your password.",
        ),
        Notice::DeletionWithdrawn => {
            ("Your account stays", "Your account was going to be deleted. Now it stays, as it was.")
        }
        Notice::EmailChangeUndone => (
            "Your e-mail address was changed back",
            "Your account has the e-mail address again that it had before. Everybody was signed out, and the password opens \
             nothing any more.",
        ),
        Notice::EmailChanged => (
            "Your e-mail address was changed",
            "Your account now has another e-mail address. This mail goes to the one before.",
        ),
        Notice::EmailRestored => (
            "Your e-mail address is back",
            "Your account has this e-mail address again. Everybody was signed out, and the password opens nothing any more.",
        ),
        Notice::FactorEnrolled => (
            "An authenticator app was added",
            "An authenticator app was added to your account. Its code is asked for whenever you sign in.",
        ),
        Notice::FactorRemoved => (
            "Your authenticator app was removed",
            "The authenticator app was removed from your account. Its code is asked for no more.",
        ),
        Notice::IdentityLinked => (
            "An account elsewhere was linked",
            "An account at another site was linked to yours. Whoever signs in there can sign in here.",
        ),
        Notice::IdentityUnlinked => (
            "An account elsewhere was removed",
            "An account at another site was removed from yours. It no longer signs you in here.",
        ),
        Notice::NewDevice => {
            ("A new sign-in", "Somebody signed in to your account in a browser that we have not seen before.")
        }
        Notice::PasskeyAdded => ("A passkey was added", "A passkey was added to your account."),
        Notice::PasskeyFactorSwitchedOff => (
            "Your passkey is asked for no more",
            "When you sign in to your account by your password, your mail or another site, no passkey is asked for any more.",
        ),
        Notice::PasskeyFactorSwitchedOn => (
            "Your passkey is asked for from now on",
            "Whoever signs in to your account by your password, your mail or another site is asked for a passkey too. New backup \
             codes were made.",
        ),
        Notice::PasskeyRemoved => ("A passkey was removed", "A passkey was removed from your account."),
        Notice::PasswordChanged => ("Your password was changed", "The password of your account was changed."),
        Notice::PasswordReset => (
            "Your password was set anew",
            "The password of your account was set anew, by somebody who can read your mail.",
        ),
        Notice::RememberedTheft => (
            "Somebody copied a cookie of yours",
            "A cookie that kept you signed in was used twice, so there is a copy of it. That browser is signed out, and \
             the copy opens nothing any more.",
        ),
        Notice::TooManyTries => (
            "Too many wrong passwords or codes",
            "A wrong password or code was typed for your account a great many times in a row. It opens nothing any more, \
             not even when it is right, until you set it anew.",
        ),
    }
}

const fn theirs(notice: Notice) -> &'static str {
    match notice {
        Notice::EmailRestored => {
            "If it was you, set a new password by the link in this mail, sign in, and look through your account."
        }
        Notice::DeletionScheduled => "If it was you, there is nothing to do: wait, or sign in to keep it.",
        Notice::RememberedTheft => {
            "If it was you, in a copy of your browser's files, there is nothing to do."
        }
        Notice::TooManyTries => "If it was you, choose another password by the link in this mail.",
        _ => NOTHING,
    }
}

const fn advice(notice: Notice) -> &'static str {
    match notice {
        Notice::AccountDeleted => "it cannot be undone from here. Write to whoever runs the site:",
        Notice::DeletionScheduled => {
            "somebody else was in your account. Sign in, keep it, and then change your password:"
        }
        Notice::BackupCodesRenewed => {
            "somebody else is in your account. Sign in, make new backup codes, and change your password:"
        }
        Notice::FactorEnrolled | Notice::FactorRemoved => {
            "somebody else is in your account. Sign in, put your authenticator app right, and change your password:"
        }
        Notice::IdentityLinked | Notice::IdentityUnlinked => {
            "somebody else is in your account. Sign in, look through the linked accounts, and change your password:"
        }
        Notice::ApiTokenCreated => {
            "somebody else is in your account. Sign in, revoke that token, and change your password:"
        }
        Notice::PasskeyAdded | Notice::PasskeyRemoved => {
            "somebody else is in your account. Sign in, look through your passkeys, and change your password:"
        }
        Notice::PasskeyFactorSwitchedOff | Notice::PasskeyFactorSwitchedOn => {
            "somebody else is in your account. Sign in, put your second factors right, and change your password:"
        }
        Notice::NewDevice => {
            "somebody else is in your account. Sign in, end that sign-in, and change your password:"
        }
        Notice::RememberedTheft => {
            "some program may be reading the files of your device. Look through where you are signed in, and change your \
             password on a device that you trust:"
        }
        Notice::PasswordChanged => "somebody else is in your account. Set your password anew at once:",
        Notice::PasswordReset => {
            "somebody else reads your mail. Change the password of your mailbox first, then set this one anew:"
        }
        Notice::TooManyTries => "nobody got in this way. Set your password anew:",
        Notice::EmailChangeUndone => {
            "somebody reads the mail at your address before. Look after that mailbox, and set your password anew:"
        }
        Notice::EmailRestored => {
            "somebody reads your mail. Look after your mailbox first, then set a new password:"
        }
        Notice::EmailChanged => {
            "somebody else is in your account. Within seven days you can have this address back and shut everybody out:"
        }
        Notice::DeletionWithdrawn => {
            "somebody else is in your account. Sign in, look through it, and change your password:"
        }
    }
}

const fn otherwise(notice: Notice) -> Option<&'static str> {
    match notice {
        Notice::AccountDeleted | Notice::TooManyTries => None,
        _ => Some(SHUT_OUT),
    }
}

/// What is gone of an account whose address was put back.
pub(super) fn gone(gone: &AddedSince) -> String {
    let AddedSince { since, app, passkeys, linked, was_leaving } = *gone;
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    };
    let app = app.then(|| String::from("an authenticator app"));
    let passkeys = counted(passkeys, "passkey", "passkeys");
    let linked = counted(linked, "account elsewhere", "accounts elsewhere");
    let list: Vec<_> = [app, passkeys, linked].into_iter().flatten().collect();
    let since = moment(since);
    let added = if list.is_empty() {
        format!("Nothing else was added to it since {since} (UTC).")
    } else {
        format!("What was added to it since {since} (UTC) was taken away: {}.", list.join(", "))
    };
    let stays = if was_leaving { " It was going to be deleted, and now stays." } else { "" };
    format!(
        "{added}{stays} Backup codes that were made since are no longer good, and no browser stays signed in or is trusted."
    )
}

/// A moment as people read it, in UTC to the minute.
pub(crate) fn moment(when: Timestamp) -> String {
    when.to_rfc3339().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_minute() {
        assert_eq!(moment(Timestamp::from_unix_seconds(951_782_400 + 3661)), "2000-02-29 01:01");
    }
}
