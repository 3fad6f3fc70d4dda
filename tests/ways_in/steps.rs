//! What somebody has for each way in, and the steps of each.

use std::time::Duration;

use towergate::{
    core::{
        Clock, Digest, LocalPath, Secret,
        seal::{SealingKey, SealingRing},
    },
    identity::{
        ports::IdentityStore,
        rules::{
            enrolment::EnrolmentDuty,
            linked_identity::{
                Course, ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderAnswer, decide,
            },
            passkey::PasskeyName,
            totp::TotpSecret,
        },
    },
    login::{
        Authenticator, PasswordLogin, SecondFactor,
        confirm::Evidence,
        magic::{MagicLink, Standing},
        mail::Postman,
    },
    passkey::{Answer, PasskeyError},
    session::Session,
    test_util::{Mailbox, Make, SoftPasskey},
};

use crate::{
    table::{Person, Way},
    town::{Cookies, KNOWN, Means, PASSWORD, REMEMBERED, SITE, Town},
};

impl<S: IdentityStore> Town<S> {
    /// What the person has for it: a passkey, a linked account, a browser that was told to remember or to trust.
    pub(crate) async fn prepare(&self, way: Way, app: Option<&TotpSecret>) -> Means {
        let mut means = Means::default();
        match way {
            Way::MailedCode | Way::MailedLink | Way::Password => {}
            Way::BarePasskey => means.passkey = Some(self.passkey(app, Make::BARE_KEY).await),
            Way::VerifiedPasskey => means.passkey = Some(self.passkey(app, Make::PHONE).await),
            Way::Social => self.link().await,
            Way::RememberedBrowser | Way::RememberedByOneFactor => {
                self.by_password(EnrolmentDuty::Free, &mut means.cookies, true).await;
                if let Some(app) = app {
                    self.by_code(app, &mut means.cookies).await;
                }
                assert!(means.cookies.contains_key(REMEMBERED));
            }
            Way::TrustedBrowser => match app {
                Some(app) => {
                    self.by_password(EnrolmentDuty::Free, &mut means.cookies, false).await;
                    self.by_code(app, &mut means.cookies).await;
                }
                None => {
                    let mut key = self.passkey(None, Make::PHONE).await;
                    self.by_passkey(EnrolmentDuty::Free, &mut means.cookies, &mut key).await;
                }
            },
        }
        if way == Way::TrustedBrowser {
            assert!(means.cookies.contains_key(KNOWN));
        }
        means
    }

    /// The same for whoever has a bare passkey already, and is asked for it or not.
    pub(crate) async fn prepare_with_key(
        &self,
        person: Person,
        way: Way,
        mut bare: SoftPasskey,
        phone: Option<SoftPasskey>,
    ) -> Means {
        let mut means = Means::default();
        match way {
            Way::BarePasskey => means.passkey = Some(bare),
            Way::VerifiedPasskey => means.passkey = phone,
            Way::RememberedBrowser | Way::TrustedBrowser if person == Person::AskedForKey => {
                let asks = way == Way::RememberedBrowser;
                self.by_password(EnrolmentDuty::Free, &mut means.cookies, asks).await;
                self.complete_by_key(&mut means.cookies, &mut bare).await;
            }
            _ => means = self.prepare(way, None).await,
        }
        means
    }

    /// Asks her for her passkey after whatever else she signs in by.
    pub(crate) async fn ask_for_key(&self) {
        let keeper = Authenticator::new(self.store.clone(), sealing(), self.random.clone());
        keeper.ask_for_passkey(self.alice, None, self.origin()).await.unwrap();
    }

    /// Completes what began, and trusts the browser.
    async fn complete_by_key(&self, cookies: &mut Cookies, key: &mut SoftPasskey) {
        let (passkeys, origin, browser) =
            (self.passkeys.clone(), self.origin(), Digest::of(b"the browser's secret"));
        let step = async move |session: Session| {
            session.ask_for_trust();
            let challenge = passkeys.begin_second_factor(&session, &browser, origin).await?;
            let credential = key.sign(&challenge.public_key, SITE).unwrap();
            let answer = Answer::new(&challenge.ceremony.to_string(), credential).unwrap();
            passkeys.finish_second_factor(&answer, &session, Some(&browser), origin).await.map(drop)
        };
        self.within(EnrolmentDuty::Free, cookies, step).await.unwrap();
    }

    pub(crate) async fn take(
        &self,
        way: Way,
        duty: EnrolmentDuty,
        cookies: &mut Cookies,
        passkey: Option<SoftPasskey>,
    ) {
        match way {
            Way::MailedCode | Way::MailedLink => self.by_mail(way, duty, cookies).await,
            Way::Password | Way::TrustedBrowser => self.by_password(duty, cookies, false).await,
            Way::BarePasskey | Way::VerifiedPasskey => {
                self.by_passkey(duty, cookies, &mut passkey.unwrap()).await;
            }
            Way::Social => self.by_account_elsewhere(duty, cookies).await,
            // The cookie is traded by the next visit.
            Way::RememberedBrowser | Way::RememberedByOneFactor => {}
        }
    }

    async fn by_password(&self, duty: EnrolmentDuty, cookies: &mut Cookies, asks: bool) {
        let login = PasswordLogin::new(self.store.clone(), self.hasher.clone());
        let (email, origin) = (self.email.clone(), self.origin());
        let step = async move |session: Session| {
            if asks {
                session.ask_to_be_remembered();
            }
            login.attempt(&email, &Secret::from(PASSWORD), &session, origin).await.map(drop).ok()
        };
        self.within(duty, cookies, step).await;
    }

    /// Completes what began, and trusts the browser.
    async fn by_code(&self, app: &TotpSecret, cookies: &mut Cookies) {
        let factor = SecondFactor::new(self.store.clone(), sealing());
        let (origin, code) = (self.origin(), Secret::from(app.code_at(self.clock.now()).unwrap().expose()));
        let step = async move |session: Session| {
            session.ask_for_trust();
            factor.attempt(&code, &session, origin).await.map(drop)
        };
        self.within(EnrolmentDuty::Free, cookies, step).await.unwrap();
        self.clock.advance(Duration::from_secs(30));
    }

    async fn by_mail(&self, way: Way, duty: EnrolmentDuty, cookies: &mut Cookies) {
        let magic = MagicLink::new(self.store.clone(), self.room.clone());
        let browser = Some(Digest::of(b"the browser's secret"));
        let asked = magic.ask(&self.email, browser.clone(), &LocalPath::root(), self.origin()).await;
        asked.unwrap();
        let mailbox = Mailbox::new();
        let postman = Postman::new(self.store.clone(), self.room.clone(), mailbox.clone());
        postman.clock(self.clock.clone()).deliver().await.unwrap();
        let (link, code) = (mailbox.link_to(&self.email), mailbox.code_to(&self.email));
        let (Some(link), Some(code)) = (link, code) else { return };
        let token = link.split_once("token=").unwrap().1;
        let evidence = match way {
            Way::MailedCode => Evidence::Code { email: self.email.clone(), code: Secret::new(code) },
            _ => Evidence::Link(Secret::from(token)),
        };
        let (standing, origin) = (Standing { browser, address: None }, self.origin());
        let step = async move |session: Session| {
            magic.attempt(&evidence, &standing, &session, origin).await.map(drop).ok()
        };
        self.within(duty, cookies, step).await;
    }

    async fn by_passkey(&self, duty: EnrolmentDuty, cookies: &mut Cookies, key: &mut SoftPasskey) {
        let browser = Digest::of(b"the browser's secret");
        let challenge = self.passkeys.begin_sign_in(&browser, self.origin()).await.unwrap();
        let credential = key.sign(&challenge.public_key, SITE).unwrap();
        let answer = Answer::new(&challenge.ceremony.to_string(), credential).unwrap();
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let step = async move |session: Session| {
            session.ask_for_trust();
            passkeys.finish_sign_in(&answer, &session, Some(&browser), origin).await.map(drop).ok()
        };
        self.within(duty, cookies, step).await;
    }

    async fn by_account_elsewhere(&self, duty: EnrolmentDuty, cookies: &mut Cookies) {
        let (account, label) = (self.account(), String::new());
        let linked = self.store.find_linked_identity(&account).await.unwrap();
        let answer = ProviderAnswer { account, proven_address: None, label, authenticated_at: None };
        // Of somebody disabled there may be no link.
        let Course::SignIn(proof) = decide(&answer, linked.as_ref(), true, self.clock.now()) else { return };
        let step = async move |session: Session| session.establish(proof).await.map(drop).ok();
        self.within(duty, cookies, step).await;
    }

    pub(crate) async fn protect(&self) -> TotpSecret {
        let secret = TotpSecret::fresh(&*self.random).unwrap();
        let keeper = Authenticator::new(self.store.clone(), sealing(), self.random.clone());
        keeper.import(self.alice, &secret, self.origin()).await.unwrap();
        secret
    }

    /// A passkey of hers, kept while she is wholly signed in.
    pub(crate) async fn passkey(&self, app: Option<&TotpSecret>, make: Make) -> SoftPasskey {
        let mut cookies = Cookies::default();
        self.by_password(EnrolmentDuty::Free, &mut cookies, false).await;
        if let Some(app) = app {
            self.by_code(app, &mut cookies).await;
        }
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let step = async move |session: Session| {
            let browser = Digest::of(b"the browser's secret");
            let challenge = passkeys.begin_registration(&session, &browser, origin).await?;
            let (soft, credential) = SoftPasskey::create(make, &challenge.public_key, SITE).unwrap();
            let answer = Answer::new(&challenge.ceremony.to_string(), credential).unwrap();
            let name = PasskeyName::default();
            passkeys.finish_registration(&answer, name, &session, Some(&browser), origin).await?;
            Ok::<_, PasskeyError>(soft)
        };
        self.within(EnrolmentDuty::Free, &mut cookies, step).await.unwrap()
    }

    async fn link(&self) {
        let identity = LinkedIdentity {
            id: LinkedIdentityId::fresh(self.clock.now(), &*self.random).unwrap(),
            user: self.alice,
            provider: String::from("elsewhere"),
            account: self.account(),
            label: String::new(),
            tokens: None,
            linked_at: self.clock.now(),
            last_used_at: None,
        };
        self.store.link_identity(identity, None, self.origin()).await.unwrap();
    }

    fn account(&self) -> ExternalAccount {
        ExternalAccount::new("https://provider.example", &self.email).unwrap()
    }
}

fn sealing() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([7; 32])))
}
