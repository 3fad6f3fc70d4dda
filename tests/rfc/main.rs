//! One file per specification, tests named by section, with the specification's own vectors; and in `wycheproof_*` the
//! ways in which others have been fooled.

#[cfg(test)]
mod alice_and_bob;
#[cfg(test)]
mod desk;
#[expect(dead_code, reason = "each test program uses a part")]
#[cfg(test)]
#[path = "../house/mod.rs"]
mod house;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod oauth_form_post;
#[cfg(test)]
mod openid_connect_core;
#[cfg(test)]
mod openid_connect_core_3;
#[cfg(test)]
mod openid_logout;
#[cfg(test)]
mod registrant;
#[cfg(test)]
mod rfc6238;
#[cfg(test)]
mod rfc6749;
#[cfg(test)]
mod rfc6750;
#[cfg(test)]
mod rfc7009;
#[cfg(test)]
mod rfc7515;
#[cfg(test)]
mod rfc7516;
#[cfg(test)]
mod rfc7517;
#[cfg(test)]
mod rfc7518;
#[cfg(test)]
mod rfc7520;
#[cfg(test)]
mod rfc7523;
#[cfg(test)]
mod rfc7591;
#[cfg(test)]
mod rfc7592;
#[cfg(test)]
mod rfc7636;
#[cfg(test)]
mod rfc7638;
#[cfg(test)]
mod rfc7662;
#[cfg(test)]
mod rfc8037;
#[cfg(test)]
mod rfc8414;
#[cfg(test)]
mod rfc8707;
#[cfg(test)]
mod rfc9068;
#[cfg(test)]
mod rfc9101;
#[cfg(test)]
mod rfc9126;
#[cfg(test)]
mod rfc9207;
#[cfg(test)]
mod rfc9470;
#[cfg(test)]
mod rfc9701;
#[cfg(test)]
mod rfc9728;
#[cfg(test)]
mod wycheproof_jwe;
#[cfg(test)]
mod wycheproof_jws;
#[cfg(test)]
mod wycheproof_signature;
