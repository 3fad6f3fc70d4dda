//! Against a real Redis: what is promised while it answers, and what when it was flushed, killed, started again, stopped or filled up.

#[cfg(test)]
mod house;
#[cfg(test)]
mod rate_limit;
mod ready;
#[cfg(feature = "outbound")]
#[cfg(test)]
mod replay;
#[cfg(feature = "inbound")]
#[cfg(test)]
mod session_cache;
#[cfg(feature = "inbound")]
#[cfg(test)]
mod session_model;
#[cfg(feature = "inbound")]
#[cfg(test)]
mod truth;
