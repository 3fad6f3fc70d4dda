//! OpenID Connect Core 1.0, [appendix A](https://openid.net/specs/openid-connect-core-1_0.html#codeExample).

use towergate::jose::{Algorithm, at_hash, c_hash};

#[test]
fn a_3_at_hash_and_a_4_c_hash() {
    assert_eq!(
        at_hash(Algorithm::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        "77QmUPtjPfzWtF2AnpK9RQ"
    );
    assert_eq!(
        c_hash(Algorithm::RS256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
        "LDktKdoQak3Pk0cnXxCltA"
    );
}
