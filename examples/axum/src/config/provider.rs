//! `[[providers]]`: the accounts elsewhere by which people sign in.

use std::{fmt, path::PathBuf, sync::Arc};

use towergate::{
    core::Secret,
    jose::{Algorithm, SigningKey},
    login::social::{InvalidName, Provider},
};

use super::reader::{Section, Text};

/// One of them: how to make it, as often as it is needed.
#[derive(Clone)]
pub struct ProviderEntry {
    /// Its name in paths.
    pub name: String,
    make: Arc<dyn Fn() -> Result<Provider, InvalidName> + Send + Sync>,
}

impl ProviderEntry {
    /// The provider. An entry that was read makes one.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        (self.make)().ok()
    }
}

impl fmt::Debug for ProviderEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderEntry").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(super) fn read(section: Section<'_>) -> Option<ProviderEntry> {
    let client_id = section.required_text("client_id");
    let preset = section.text("preset");
    let make = match preset.as_ref().map(|text| text.value.as_str()) {
        Some("google") => {
            let domain = section.text("hosted_domain").map(|text| text.value);
            secret(&section).map(|secret| {
                made(client_id.as_ref(), move |id| {
                    let google = Provider::google(id, secret.clone())?;
                    Ok(match &domain {
                        Some(domain) => google.hosted_domain(domain),
                        None => google,
                    })
                })
            })
        }
        Some("github") => secret(&section)
            .map(|secret| made(client_id.as_ref(), move |id| Provider::github(id, secret.clone()))),
        Some("microsoft") => {
            let tenant = section.text("tenant").map_or_else(|| String::from("common"), |text| text.value);
            secret(&section).map(|secret| {
                made(client_id.as_ref(), move |id| Provider::microsoft(&tenant, id, secret.clone()))
            })
        }
        Some("apple") => apple(&section, client_id.as_ref()),
        None => openid(&section, client_id.as_ref()),
        Some(_) => {
            let place = preset.as_ref().map(|text| text.place.clone()).unwrap_or_default();
            section.refuse(&place, "`preset` must be google, github, microsoft or apple; leave it out and name an `issuer` for any other");
            None
        }
    };
    section.finish();
    client_id?;
    let make = make?;
    let name = make().ok()?.name().to_owned();
    Some(ProviderEntry { name, make })
}

type Make = Arc<dyn Fn() -> Result<Provider, InvalidName> + Send + Sync>;

fn made(
    client_id: Option<&Text>,
    make: impl Fn(&str) -> Result<Provider, InvalidName> + Send + Sync + 'static,
) -> Make {
    let id = client_id.map(|text| text.value.clone()).unwrap_or_default();
    Arc::new(move || make(&id))
}

fn secret(section: &Section<'_>) -> Option<Secret<String>> {
    section.required_text("client_secret").map(|text| Secret::new(text.value))
}

fn openid(section: &Section<'_>, client_id: Option<&Text>) -> Option<Make> {
    let name = section.required_text("name");
    let label = section.text("label");
    let issuer = section.required_text("issuer");
    let trusts = section.flag("trusts_addresses").unwrap_or(false);
    let secret = secret(section);
    let (name, issuer, secret) = (name?, issuer?, secret?);
    let label = label.map_or_else(|| name.value.clone(), |text| text.value);
    let place = name.place.clone();
    let make = made(client_id, move |id| {
        let provider = Provider::openid(&name.value, &label, &issuer.value, id, secret.clone())?;
        Ok(if trusts { provider.trusts_addresses() } else { provider })
    });
    if let Err(problem) = make() {
        section.refuse(&place, format!("`name`: {problem}"));
        return None;
    }
    Some(make)
}

/// The key is a file as Apple hands it out: PKCS #8 in PEM.
fn apple(section: &Section<'_>, client_id: Option<&Text>) -> Option<Make> {
    let (team, kid) = (section.required_text("team_id"), section.required_text("key_id"));
    let file = section.required_text("key_file");
    let (team, kid, file) = (team?.value, kid?.value, file?);
    let pkcs8 = pkcs8(&PathBuf::from(&file.value));
    let key = move |pkcs8: &[u8]| SigningKey::from_pkcs8(Algorithm::ES256, pkcs8, Some(kid.clone())).ok();
    let Some(pkcs8) = pkcs8.filter(|pkcs8| key(pkcs8).is_some()) else {
        section.refuse(&file.place, format!("`key_file`: {} holds no ES256 key (PKCS #8, PEM)", file.value));
        return None;
    };
    Some(made(client_id, move |id| {
        let key = key(&pkcs8).ok_or(InvalidName)?;
        Provider::apple(id, &team, key)
    }))
}

fn pkcs8(path: &PathBuf) -> Option<Vec<u8>> {
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
    PrivatePkcs8KeyDer::from_pem_file(path).ok().map(|key| key.secret_pkcs8_der().to_vec())
}
