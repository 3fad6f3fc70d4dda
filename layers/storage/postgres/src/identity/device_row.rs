//! What is kept of a device, in the rows of sessions, families and browsers.

use towergate_identity::rules::device::Device;

use crate::{failure::Failure, fields::Fields};

/// The next three columns: `agent, network, place`.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Device, Failure> {
    Ok(Device { agent: fields.get("agent")?, network: fields.get("network")?, place: fields.get("place")? })
}
