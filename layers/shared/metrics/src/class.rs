/// The class of the endpoint at a path of the house, as its layers are mounted by default; `other` for the rest.
#[must_use]
pub fn class_of(path: &str) -> &'static str {
    let path = path.trim_start_matches('/');
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    // Of the second segment only some are told apart.
    match (first, rest.map(|rest| rest.split_once('/').map_or(rest, |(second, _)| second))) {
        ("livez" | "readyz", None) => "health",
        ("oauth", Some("authorize")) | ("interaction", _) => "authorize",
        ("oauth", Some("token")) => "token",
        ("oauth" | ".well-known", _) => "protocol",
        (
            "login" | "logout" | "mfa" | "magic" | "register" | "confirm" | "forgot" | "reset" | "social"
            | "passkey",
            _,
        ) => "sign_in",
        ("account", _) => "account",
        ("api", _) => "api",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_of_few_classes() {
        for (path, class) in [
            ("/livez", "health"),
            ("/oauth/authorize", "authorize"),
            ("/interaction/0190", "authorize"),
            ("/oauth/token", "token"),
            ("/oauth/introspect", "protocol"),
            ("/.well-known/openid-configuration", "protocol"),
            ("/login", "sign_in"),
            ("/social/google/callback", "sign_in"),
            ("/account/devices", "account"),
            ("/api/me", "api"),
            ("/", "other"),
            ("*", "other"),
            ("/loginx", "other"),
        ] {
            assert_eq!(class_of(path), class, "{path}");
        }
    }
}
