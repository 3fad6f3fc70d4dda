//! A pairwise client never meets the subject that other clients know.

use super::*;

async fn bench() -> Bench {
    let bench = Bench::new().await;
    for (id, callback) in [("pair", CALLBACK), ("twin", CALLBACK), ("other", "https://other.example/cb")] {
        bench
            .register(id, ClientAuthMethod::ClientSecretBasic, |metadata| {
                metadata.subject_type = SubjectType::Pairwise;
                metadata.access_token_format = AccessTokenFormat::Opaque;
                metadata.redirect_uris = vec![callback.to_owned()];
            })
            .await;
    }
    bench
}

#[tokio::test]
async fn oidc_core_8_a_pairwise_client_meets_one_sub_everywhere() {
    let bench = bench().await;
    let mut subs = Vec::new();
    for client in ["pair", "twin", "other"] {
        let answer = granted(&bench.redeem(client, &bench.code(client).await).await);
        let access = answer["access_token"].as_str().unwrap();
        let sub = claims(&answer["id_token"], Algorithm::RS256, "JWT")["sub"].clone();
        assert_eq!(granted(&bench.userinfo(access).await)["sub"], sub);
        for token in ["access_token", "refresh_token"] {
            let form = [("token", answer[token].as_str().unwrap())];
            let told = granted(&bench.ask("/oauth/introspect", Some(client), &form).await);
            assert_eq!((&told["active"], &told["sub"]), (&Value::from(true), &sub), "{token}");
        }
        subs.push(sub);
    }
    assert_eq!(subs[0], subs[1], "one sector");
    assert_ne!(subs[0], subs[2], "another sector");
    assert_ne!(subs[0], "alice-1");
}
