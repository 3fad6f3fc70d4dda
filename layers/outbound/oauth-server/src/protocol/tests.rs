//! The protocol's endpoints, as a client meets them.
